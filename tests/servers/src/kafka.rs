//! Apache Kafka: one broker in KRaft mode, from the jars that `scripts/setup test` put under `.tools/kafka`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Certificate, Network, Process, free_port, root, runs};

/// How long it may take to start; a second or two where the machine has nothing else to do.
const START: Duration = Duration::from_secs(180);
/// The address of a broker to use instead of one of our own.
const ELSEWHERE: &str = "TODO_TEST_KAFKA";
/// Anything of this form.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qg";
const DIRECTORY: &str = "MkU3OEVBNTcwNTJENDM2Qw";
/// The key and the certificate of a secured broker.
const KEYSTORE: &str = "keystore.pem";

/// A broker. Its clients connect through a network that can be cut.
#[derive(Debug)]
pub struct Kafka {
    /// Between it and its clients.
    pub network: Network,
    /// Past that network, for whoever looks on.
    pub direct: SocketAddr,
    folder: TempDir,
    process: Option<Process>,
}

/// The brokers, `host:port`, that all tests of a run share: those of `TODO_TEST_KAFKA`, or one of this process.
/// Each test has topics of its own, by a prefix.
pub fn shared() -> String {
    static SHARED: LazyLock<Kafka> = LazyLock::new(Kafka::start);
    std::env::var(ELSEWHERE).unwrap_or_else(|_| SHARED.brokers())
}

/// What is missing here of what runs a broker, unless there is one elsewhere.
pub(crate) fn missing() -> Option<String> {
    match std::env::var_os(ELSEWHERE) {
        Some(_) => None,
        None => missing_here(),
    }
}

fn missing_here() -> Option<String> {
    if !runs("java", "-version") {
        return Some("java, which runs Kafka, is not installed; run `scripts/setup test`".into());
    }
    let jars = jars();
    let is_missing = || format!("{} is missing; run `scripts/setup test`", jars.display());
    (!jars.is_dir()).then(is_missing)
}

/// Where the jars are.
fn jars() -> PathBuf {
    root().join(".tools/kafka/jars")
}

impl Kafka {
    /// Starts a broker with nothing in it.
    pub fn start() -> Self {
        Self::start_with("PLAINTEXT", String::new(), |folder| {
            // What `kafka-storage format` would write, without a second JVM.
            let properties =
                format!("version=1\ncluster.id={CLUSTER}\nnode.id=1\ndirectory.id={DIRECTORY}\n");
            fs::write(folder.join("data/meta.properties"), properties).expect("a file is written");
        })
    }

    /// Starts one that speaks TLS only with its clients, with this certificate, and lets in who proves to know the
    /// password, with SCRAM-SHA-512. [`Kafka::direct`] is open all the same.
    pub fn start_secured(username: &str, password: &str, certificate: &Certificate) -> Self {
        let settings = format!(
            "listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512\n\
             listener.name.clients.scram-sha-512.sasl.jaas.config=\
             org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             listener.name.clients.ssl.keystore.type=PEM\n\
             listener.name.clients.ssl.keystore.location={KEYSTORE}\n"
        );
        Self::start_with("SASL_SSL", settings, |folder| {
            let read = |path: &Path| fs::read_to_string(path).expect("a certificate's file");
            let keystore = read(&certificate.key()) + &read(&certificate.certificate());
            fs::write(folder.join(KEYSTORE), keystore).expect("a file is written");
            let output = java(folder)
                .args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER])
                .args(["--config", "server.properties", "--add-scram"])
                .arg(format!(
                    "SCRAM-SHA-512=[name={username},password={password}]"
                ))
                .output()
                .expect("java runs");
            assert!(output.status.success(), "formatting: {output:?}");
        })
    }

    /// Starts one that its clients speak this protocol with, once `format` has made its folder `data` ready.
    fn start_with(protocol: &str, settings: String, format: impl FnOnce(&Path)) -> Self {
        if let Some(missing) = missing_here() {
            panic!("{missing}");
        }
        let folder = TempDir::new().expect("a temporary folder");
        let (clients, direct, controller) = (free_port(), free_port(), free_port());
        let network = Network::to(clients);
        fs::create_dir(folder.path().join("data")).expect("a folder");
        let write = |name: &str, text: String| {
            fs::write(folder.path().join(name), text).expect("a file is written");
        };
        write(
            "log4j2.properties",
            "rootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\nappender.out.type=Console\nappender.out.name=out\n\
             appender.out.layout.type=PatternLayout\nappender.out.layout.pattern=%d %p %c{1} %m%n\n"
                .into(),
        );
        write(
            "server.properties",
            format!(
                "process.roles=broker,controller\n\
                 node.id=1\n\
                 controller.quorum.voters=1@{controller}\n\
                 listeners=CLIENTS://{clients},DIRECT://{direct},CONTROLLER://{controller}\n\
                 advertised.listeners=CLIENTS://{network},DIRECT://{direct}\n\
                 listener.security.protocol.map=CLIENTS:{protocol},DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
                 inter.broker.listener.name=DIRECT\n\
                 controller.listener.names=CONTROLLER\n\
                 log.dirs=data\n\
                 # Topics are made by those who use them.\n\
                 auto.create.topics.enable=false\n\
                 # A group need not wait for members that may still come, and gives up a lost one soon.\n\
                 group.initial.rebalance.delay.ms=0\n\
                 group.min.session.timeout.ms=1000\n\
                 offsets.topic.num.partitions=4\n\
                 offsets.topic.replication.factor=1\n\
                 transaction.state.log.replication.factor=1\n\
                 transaction.state.log.min.isr=1\n\
                 log.cleaner.dedupe.buffer.size=16777216\n\
                 {settings}",
                network = network.address,
            ),
        );
        format(folder.path());
        let mut kafka = Self {
            network,
            direct,
            folder,
            process: None,
        };
        kafka.restart();
        kafka
    }

    /// `host:port` for clients.
    pub fn brokers(&self) -> String {
        self.network.address.to_string()
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it, after killing it if it runs, on what it has stored.
    pub fn restart(&mut self) {
        self.kill();
        let folder = self.folder.path();
        let mut command = java(folder);
        command.args(["kafka.Kafka", "server.properties"]);
        let mut process = Process::spawn(&mut command, &folder.join("kafka.log"), folder);
        process.listens(self.direct, START);
        self.process = Some(process);
    }

    /// The last of what it printed.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }
}

/// A JVM with Kafka's classes, in a broker's folder.
fn java(folder: &Path) -> Command {
    let mut command = Command::new("java");
    command
        .args([
            "-Xms64m",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.configurationFile=log4j2.properties",
        ])
        .arg("-cp")
        .arg(format!("{}/*", jars().display()))
        .current_dir(folder);
    command
}
