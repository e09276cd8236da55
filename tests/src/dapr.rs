//! The application behind Dapr: `spin-dapr.toml` under the host, with real sidecars and the files of `dapr/`.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use event_log::Record;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use serde_json::{Value, json};
use servers::{Daprd, Kafka, Postgres, free_port};
use tempfile::TempDir;

use crate::app::print_with_panics;
use crate::{Builder, Client, SmtpServer, TestApp, User, kafka, register, root, wait_for};

/// The manifest.
pub(crate) const MANIFEST: &str = "spin-dapr.toml";
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
    /// What would sign them if variables came from the application's environment.
    pub unused_jwt_secret: String,
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

/// The one that the tests of this process share.
pub fn shared() -> &'static Platform {
    static SHARED: LazyLock<Platform> = LazyLock::new(|| {
        let platform = Platform::start();
        print_with_panics(&platform.app);
        platform
    });
    &SHARED
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
        let mut platform = Self {
            app,
            notifier,
            sidecars,
            kafka,
            postgres,
            database: database.rsplit('/').next().unwrap_or_default().to_owned(),
            app_token,
            dapr_token,
            jwt_secret,
            unused_jwt_secret: String::new(),
            mail,
            files,
        };
        platform.introduce();
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
        self.introduce();
    }

    /// Tells the application's helpers where things are.
    fn introduce(&mut self) {
        let brokers = self.kafka.brokers();
        let mut topics = kafka::Kafka::new(&brokers, &self.kafka.direct.to_string());
        topics.prefix.clear();
        let app = &mut self.app;
        app.kafka = Some(topics.into());
        // Its triggers have the groups and topics that the sidecars have.
        app.manifest = root().join("spin.toml");
        app.dapr = self.sidecars["todo-api"].http;
        app.pubsub = "kafka-pubsub";
        app.dapr_token.clone_from(&self.dapr_token);
        let secret = self.jwt_secret.clone();
        self.unused_jwt_secret = std::mem::replace(&mut app.jwt_secret, secret);
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
        let records = self.app.records(topic).into_iter();
        let read = |record: Record| {
            let envelope = serde_json::from_str(&record.envelope);
            (record.key, envelope.unwrap_or_default())
        };
        records.map(read).collect()
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
        .project_manifest(MANIFEST)
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
