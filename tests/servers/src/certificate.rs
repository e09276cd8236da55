//! Certificates for servers, made by the `openssl` program.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A server's certificate for 127.0.0.1 and localhost, signed by an authority of its own.
#[derive(Debug)]
pub struct Certificate(TempDir);

impl Certificate {
    /// Makes one.
    pub fn new() -> Self {
        let this = Self(TempDir::new().expect("a temporary folder"));
        this.openssl(&[
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2",
            "-subj /CN=tests -keyout authority.key -out authority.pem",
        ]);
        this.openssl(&[
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes",
            "-subj /CN=127.0.0.1 -keyout key.pem -out request.pem",
        ]);
        // Not every client takes one that could sign others.
        let extensions = "basicConstraints = critical, CA:FALSE\n\
                          subjectAltName = IP:127.0.0.1, DNS:localhost\n\
                          extendedKeyUsage = serverAuth\n";
        fs::write(this.file("extensions"), extensions).expect("a file is written");
        this.openssl(&[
            "x509 -req -in request.pem -CA authority.pem -CAkey authority.key -set_serial 1",
            "-days 2 -extfile extensions -out certificate.pem",
        ]);
        this
    }

    /// What clients have to trust.
    pub fn authority(&self) -> PathBuf {
        self.file("authority.pem")
    }

    /// What the server shows.
    pub fn chain(&self) -> PathBuf {
        self.file("certificate.pem")
    }

    /// Its private key, in PKCS #8.
    pub fn key(&self) -> PathBuf {
        self.file("key.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let arguments = arguments.iter().flat_map(|it| it.split(' '));
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "openssl: {output:?}");
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
