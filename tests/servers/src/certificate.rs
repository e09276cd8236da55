//! Certificates for servers that speak TLS.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// What the two certificates say: the authority is one, and the other is none, as clients want it.
const CONFIG: &str = "[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
";

/// A certificate for 127.0.0.1 and localhost, and the authority that signed it, which nobody else knows. Its files
/// are PEM and are removed when it is dropped.
#[derive(Debug)]
pub struct Certificate(TempDir);

impl Certificate {
    /// Makes both.
    pub fn new() -> Self {
        let this = Self(TempDir::new().expect("a temporary folder"));
        let config = this.path("openssl.cnf");
        fs::write(&config, CONFIG).expect("the configuration");
        let authority_key = this.path("authority-key.pem");
        let make = |section: &str, key: PathBuf, certificate: PathBuf, more: &[&OsStr]| {
            let output = Command::new("openssl")
                .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"])
                .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
                .args(["-subj", &format!("/CN={section}"), "-extensions", section])
                .arg("-config")
                .arg(&config)
                .arg("-keyout")
                .arg(key)
                .arg("-out")
                .arg(certificate)
                .args(more)
                .output()
                .expect("openssl runs");
            assert!(output.status.success(), "openssl: {output:?}");
        };
        make("authority", authority_key.clone(), this.authority(), &[]);
        let authority = this.authority();
        let signed_by = [
            OsStr::new("-CA"),
            authority.as_os_str(),
            OsStr::new("-CAkey"),
            authority_key.as_os_str(),
        ];
        make("server", this.key(), this.certificate(), &signed_by);
        this
    }

    /// The authority's certificate: what clients have to trust.
    pub fn authority(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.path("certificate.pem")
    }

    /// Its private key, PKCS #8.
    pub fn key(&self) -> PathBuf {
        self.path("key.pem")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
