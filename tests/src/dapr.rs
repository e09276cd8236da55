//! The application behind Dapr: `spin-dapr.toml` under the host, with real sidecars and the files of `dapr/`.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use serde_json::{Value, json};
use servers::{Daprd, Kafka, Postgres, free_port};
use tempfile::TempDir;

use crate::{Builder, Client, SmtpServer, TestApp, User, register, root, wait_for};

/// The services that have a sidecar.
pub const SERVICES: [&str; 5] = ["todo-api", "reminder", "notification", "audit", "websocket"];
/// What sends notifications; it runs by itself, beside its own sidecar.
const NOTIFIER: [&str; 2] = ["notification-events", "notification-cron"];
/// All the rest.
const PLATFORM: [&str; 11] = [
    "todo-api",
    "todo-api-cron",
    "password",
    "reminder",
    "reminder-cron",
    "notification",
    "audit",
    "audit-events",
    "websocket",
    "websocket-events",
    "web",
];

/// Everything that runs. Two processes of the application share one state folder: the notifications' database.
pub struct Platform {
    /// All components but those that send notifications, beside the sidecar of `todo-api`.
    pub app: TestApp,
    /// Those, beside the sidecar of `notification`.
    pub notifier: TestApp,
    /// The sidecars by application id.
    pub sidecars: BTreeMap<&'static str, Daprd>,
    /// The broker.
    pub kafka: Kafka,
    /// Where `statestore` keeps its state.
    pub postgres: Postgres,
    /// The name of its database there.
    pub database: String,
    /// The token that sidecars send.
    pub app_token: String,
    /// The token that sidecars want.
    pub dapr_token: String,
    /// What signs access tokens, which the secret store gives out.
    pub jwt_secret: String,
    /// Where the binding `email` sends.
    pub mail: SmtpServer,
    files: Files,
}

/// A copy of `dapr/`, with faster clocks, and secrets.
pub struct Files {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Files {
    /// Copies them, and writes secrets.
    pub fn new(secrets: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["components", "subscriptions", "configuration"] {
            let (from, to) = (root().join("dapr").join(name), folder.path().join(name));
            fs::create_dir(&to).expect("a folder");
            for file in fs::read_dir(&from).expect("dapr/").flatten() {
                let text = fs::read_to_string(file.path()).expect("a file");
                let names = folder.path().join("names.db").display().to_string();
                let text = faster(&text).replace(".spin/dapr-names.db", &names);
                fs::write(to.join(file.file_name()), text).expect("a file");
            }
        }
        let file = folder.path().join("secrets.json");
        fs::write(&file, json!({ "todo": secrets }).to_string()).expect("the secrets");
        let environment = BTreeMap::from([("SECRETS_FILE".to_owned(), file.display().to_string())]);
        Self {
            folder,
            environment,
        }
    }

    /// What the sidecars find in their environment.
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// A folder or file of them.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A sidecar with all components that are for it.
    pub fn sidecar(&self, app_id: &str) -> servers::daprd::Builder {
        let mut builder = Daprd::builder(app_id)
            .resources(self.path("components"))
            .config(self.path("configuration/local.yaml"));
        for (name, value) in &self.environment {
            builder = builder.environment(name, value);
        }
        builder
    }
}

/// Clocks tick each second, and what failed comes again soon.
fn faster(text: &str) -> String {
    text.replace("\"@every 10s\"", "\"@every 1s\"")
        .replace("\"@every 30s\"", "\"@every 1s\"")
        .replace("maxInterval: 60s", "maxInterval: 2s")
        .replace("value: 60s", "value: 2s")
}

impl Platform {
    /// Starts it all.
    pub fn start() -> Self {
        let kafka = Kafka::start();
        create_topics(&kafka.brokers());
        let postgres = Postgres::start();
        let database = postgres.create_database();
        let (jwt_secret, app_token, dapr_token) = (random(), random(), random());
        let mail = SmtpServer::start();
        let files = Files::new(&json!({
            "jwt_secret": jwt_secret,
            "grip_key": random(),
            "state_connection_string": database,
            "smtp_password": "",
            "twilio_account_sid": "AC0",
            "twilio_auth_token": "none",
            "twilio_from": "+15005550006",
        }))
        .environment("KAFKA_BROKERS", kafka.brokers())
        .environment("SMTP_HOST", mail.address.ip().to_string())
        .environment("SMTP_PORT", mail.address.port().to_string())
        .environment("MAIL_FROM", "todo@example.com")
        .environment("APP_API_TOKEN", &app_token)
        .environment("DAPR_API_TOKEN", &dapr_token);
        let (app, notifier) = (free_port(), free_port());
        let sidecars: BTreeMap<&str, Daprd> = SERVICES
            .into_iter()
            .map(|service| {
                let address = if service == "notification" {
                    notifier
                } else {
                    app
                };
                let builder = files
                    .sidecar(service)
                    .resources(files.path("subscriptions"))
                    .app(address);
                (service, builder.start())
            })
            .collect();
        let builder = |address: SocketAddr, sidecar: &Daprd, components: &[&str]| {
            host(address, sidecar, components, &app_token, &dapr_token)
        };
        let app = builder(app, &sidecars["todo-api"], &PLATFORM).start();
        let notifier = builder(notifier, &sidecars["notification"], &NOTIFIER)
            .state_folder_of(&app)
            .ready_path("/notification/cron")
            .ready_status(401)
            .start();
        let platform = Self {
            app,
            notifier,
            sidecars,
            kafka,
            postgres,
            database: database.rsplit('/').next().unwrap_or_default().to_owned(),
            app_token,
            dapr_token,
            jwt_secret,
            mail,
            files,
        };
        for service in SERVICES {
            platform.subscribed(service);
        }
        platform
    }

    /// Starts all components but those that send notifications anew, on the state that is there.
    pub fn restart_app(&mut self) {
        let sidecar = &self.sidecars["todo-api"];
        let tokens = (&self.app_token, &self.dapr_token);
        self.app = host(self.app.address, sidecar, &PLATFORM, tokens.0, tokens.1)
            .state_folder_of(&self.app)
            .start();
    }

    /// A sidecar that has no application and may do nothing but publish: somebody else's.
    pub fn foreign_sidecar(&self) -> Daprd {
        let folder = self.files.path("foreign");
        fs::create_dir_all(&folder).expect("a folder");
        let component = json!({
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": "broker"},
            "spec": {"type": "pubsub.kafka", "version": "v1", "metadata": [
                {"name": "brokers", "value": self.kafka.brokers()},
                {"name": "authType", "value": "none"},
            ]},
        });
        // JSON is YAML.
        fs::write(folder.join("broker.yaml"), component.to_string()).expect("a component");
        Daprd::builder("foreign")
            .resources(folder)
            .config(self.files.path("configuration/local.yaml"))
            .start()
    }

    /// All records of a topic so far: key and envelope, in the order of each partition.
    pub fn records(&self, topic: &str) -> Vec<(String, Value)> {
        read_topic(&self.kafka.brokers(), topic)
    }

    /// A person with an account.
    pub fn user(&self) -> User {
        register(&self.app.client())
    }

    /// The API of a sidecar.
    pub fn sidecar(&self, service: &str) -> Client {
        Client::new(&self.sidecars[service].url())
    }

    /// The files of `dapr/` that the sidecars run with.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Waits until a sidecar has seen its application, and listens to the broker for it.
    pub fn subscribed(&self, service: &str) {
        let sidecar = self.sidecar(service);
        wait_for(&format!("the sidecar of {service}"), 120, || {
            let request = sidecar
                .request("GET", "/v1.0/healthz")
                .header("dapr-api-token", &self.dapr_token);
            let answer = request.send().ok()?;
            (answer.status() == 204).then_some(())
        });
    }
}

/// How to start components of `spin-dapr.toml` beside a sidecar.
fn host(
    address: SocketAddr,
    sidecar: &Daprd,
    components: &[&str],
    app_token: &str,
    dapr_token: &str,
) -> Builder {
    let mut builder = TestApp::builder()
        .project_manifest("spin-dapr.toml")
        .listen(address)
        .variable("dapr_url", &sidecar.url())
        .variable("dapr_api_token", dapr_token)
        .variable("app_api_token", app_token)
        .variable("mail_binding", "email")
        .variable("sms_binding", "sms")
        .environment("DAPR_HTTP_ENDPOINT", &sidecar.url())
        .environment("DAPR_API_TOKEN", dapr_token);
    for component in components {
        builder = builder.argument("-c").argument(component);
    }
    builder.more_runtime_config(
        "\n[[variables_provider]]\ntype = \"dapr\"\nstore = \"secretstore\"\nsecret = \"todo\"\n",
    )
}

fn read_topic(brokers: &str, topic: &str) -> Vec<(String, Value)> {
    const LIMIT: Duration = Duration::from_secs(30);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a client");
    let metadata = consumer
        .fetch_metadata(Some(topic), LIMIT)
        .expect("metadata");
    let mut open = TopicPartitionList::new();
    let mut ends = BTreeMap::new();
    for partition in metadata.topics()[0].partitions() {
        let (low, high) = (consumer.fetch_watermarks(topic, partition.id(), LIMIT)).expect("ends");
        if high > low {
            ends.insert(partition.id(), high);
            open.add_partition_offset(topic, partition.id(), Offset::Offset(low))
                .expect("an offset");
        }
    }
    consumer.assign(&open).expect("partitions");
    let mut records = Vec::new();
    while !ends.is_empty() {
        let message = consumer.poll(LIMIT).expect("a record").expect("no error");
        let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
        let envelope = serde_json::from_slice(message.payload().unwrap_or_default());
        records.push((key, envelope.unwrap_or_default()));
        if message.offset() + 1 >= ends[&message.partition()] {
            ends.remove(&message.partition());
        }
    }
    records
}

/// Makes the topics, which the broker does not by itself.
pub fn create_topics(brokers: &str) {
    let admin: AdminClient<_> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("a client");
    let names: Vec<String> = (events::TOPICS.iter())
        .flat_map(|topic| [(*topic).to_owned(), format!("{topic}.dlq")])
        .collect();
    let topics: Vec<NewTopic> = (names.iter())
        .map(|name| NewTopic::new(name, 4, TopicReplication::Fixed(1)))
        .collect();
    let made = pollster::block_on(admin.create_topics(&topics, &AdminOptions::new()));
    for topic in made.expect("topics") {
        topic.expect("a topic");
    }
}

fn random() -> String {
    format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4())
}
