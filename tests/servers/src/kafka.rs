//! Apache Kafka: one broker in KRaft mode, from the jars that `scripts/setup test` put under `.tools/kafka`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Network, Process, free_port, root, runs};

/// How long it may take to start; a second or two where the machine has nothing else to do.
const START: Duration = Duration::from_secs(180);
/// The address of a broker to use instead of one of our own.
const ELSEWHERE: &str = "TODO_TEST_KAFKA";
/// Anything of this form.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qg";
const DIRECTORY: &str = "MkU3OEVBNTcwNTJENDM2Qw";

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
        if let Some(missing) = missing_here() {
            panic!("{missing}");
        }
        let folder = TempDir::new().expect("a temporary folder");
        let (clients, direct, controller) = (free_port(), free_port(), free_port());
        let network = Network::to(clients);
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        let write = |name: &str, text: String| {
            fs::write(folder.path().join(name), text).expect("a file is written");
        };
        // What `kafka-storage format` would write, without a second JVM.
        write(
            "data/meta.properties",
            format!("version=1\ncluster.id={CLUSTER}\nnode.id=1\ndirectory.id={DIRECTORY}\n"),
        );
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
                 listener.security.protocol.map=CLIENTS:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
                 inter.broker.listener.name=DIRECT\n\
                 controller.listener.names=CONTROLLER\n\
                 log.dirs={data}\n\
                 # Topics are made by those who use them.\n\
                 auto.create.topics.enable=false\n\
                 # A group need not wait for members that may still come, and gives up a lost one soon.\n\
                 group.initial.rebalance.delay.ms=0\n\
                 group.min.session.timeout.ms=1000\n\
                 offsets.topic.num.partitions=4\n\
                 offsets.topic.replication.factor=1\n\
                 transaction.state.log.replication.factor=1\n\
                 transaction.state.log.min.isr=1\n\
                 log.cleaner.dedupe.buffer.size=16777216\n",
                network = network.address,
                data = data.display(),
            ),
        );
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
        let mut command = Command::new("java");
        command
            .args([
                "-Xms64m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
            ])
            .arg(format!(
                "-Dlog4j2.configurationFile={}",
                folder.join("log4j2.properties").display()
            ))
            .arg("-cp")
            .arg(format!("{}/*", jars().display()))
            .arg("kafka.Kafka")
            .arg(folder.join("server.properties"))
            .current_dir(folder);
        let mut process = Process::spawn(&mut command, &folder.join("kafka.log"), folder);
        process.listens(self.direct, START);
        self.process = Some(process);
    }

    /// The last of what it printed.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }
}
