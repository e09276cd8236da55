//! The section `[kafka]`: the brokers that keep the events, in place of the embedded log.

use std::fmt;

use rdkafka::ClientConfig;

use super::Folders;
use crate::manifest::reader::{Table, Text};

/// What `[kafka]` says, with what holds where it does not.
#[derive(Debug, Clone)]
pub struct KafkaConfig {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// What the Dapr publish API calls it.
    pub pubsub: String,
    /// In front of the names of topics and groups.
    pub topic_prefix: String,
    /// Whether topics that are missing are made.
    pub create_topics: bool,
    /// Of a topic that is made.
    pub partitions: i32,
    /// Of a topic that is made; -1 is what the brokers have as their default.
    pub replication: i32,
    /// Makes the members of groups static.
    pub group_instance_id: Option<String>,
    /// librdkafka's, for every client: TLS, SASL and `options`.
    pub options: Options,
    /// The same for consumers.
    pub consumer_options: Options,
    /// The same for the producer.
    pub producer_options: Options,
}

/// Properties of librdkafka and their values, some of which are secret.
#[derive(Clone, Default)]
pub struct Options(pub Vec<(String, String)>);

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// What holds is built on these.
const OURS: [(&str, &str); 8] = [
    ("bootstrap.servers", "expected `brokers`"),
    ("metadata.broker.list", "expected `brokers`"),
    ("group.id", "expected `group` of a trigger"),
    ("group.instance.id", "expected `group_instance_id`"),
    (
        "enable.auto.commit",
        "offsets are committed after the component's outcome",
    ),
    (
        "enable.auto.offset.store",
        "offsets are committed after the component's outcome",
    ),
    ("enable.idempotence", "the producer is always idempotent"),
    (
        "acks",
        "a publisher is answered when all replicas in sync have the event",
    ),
];

/// The section, if it is there.
pub fn read(document: &Table, folders: Folders) -> Option<KafkaConfig> {
    let table = document.table("kafka", "[kafka]")?;
    let mut config = KafkaConfig {
        brokers: String::new(),
        pubsub: "pubsub".to_owned(),
        topic_prefix: String::new(),
        create_topics: table.optional_flag("create_topics").unwrap_or(true),
        partitions: number(&table, "partitions", 1..=10_000).unwrap_or(16),
        replication: number(&table, "replication", 1..=100).unwrap_or(-1),
        group_instance_id: table.text("group_instance_id").map(|id| id.value),
        options: Options::default(),
        consumer_options: Options::default(),
        producer_options: Options::default(),
    };
    let expected = "`brokers = \"host:9092\"`, several separated by commas";
    if let Some(brokers) = table.required_text("brokers", expected) {
        if brokers.value.trim().is_empty() {
            let expected = format!("expected {expected}");
            (table.diagnostics()).report(brokers.span, "`brokers` names none", expected);
        }
        config.brokers = brokers.value;
    }
    if let Some(pubsub) = table.text("pubsub") {
        if pubsub.value.is_empty() || pubsub.value.contains('/') {
            table.diagnostics().report(
                pubsub.span,
                "the pubsub cannot be called so",
                "expected a name without `/`, like \"pubsub\"",
            );
        }
        config.pubsub = pubsub.value;
    }
    if let Some(prefix) = table.text("topic_prefix") {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if prefix.value.len() > 100 || !prefix.value.chars().all(allowed) {
            table.diagnostics().report(
                prefix.span,
                "names of topics cannot begin so",
                "expected at most 100 of the characters a-z A-Z 0-9 . _ -",
            );
        }
        config.topic_prefix = prefix.value;
    }
    read_tls(&table, folders, &mut config.options);
    read_sasl(&table, folders, &mut config.options);
    config.options.0.extend(read_options(&table, "options"));
    config.consumer_options.0 = read_options(&table, "consumer_options");
    config.producer_options.0 = read_options(&table, "producer_options");
    table.finish();
    Some(config)
}

fn number(table: &Table, key: &'static str, range: std::ops::RangeInclusive<i32>) -> Option<i32> {
    let value = table.value(key)?;
    let number = value
        .as_integer()
        .and_then(|number| i32::try_from(number).ok());
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        table.diagnostics().report(
            value.span(),
            format!("`{key}` cannot be used"),
            format!(
                "expected a number from {} to {}",
                range.start(),
                range.end()
            ),
        );
    }
    number
}

/// `tls = true`, or a table with the files of certificates.
fn read_tls(table: &Table, folders: Folders, options: &mut Options) {
    let Some(value) = table.value("tls") else {
        return;
    };
    let mut set = |name: &str, value: String| options.0.push((name.to_owned(), value));
    match (value.as_bool(), value.as_table("[kafka.tls]")) {
        (Some(false), _) => return,
        (Some(true), _) => {}
        (None, Some(tls)) => {
            for (key, name) in [
                ("ca", "ssl.ca.location"),
                ("certificate", "ssl.certificate.location"),
                ("key", "ssl.key.location"),
            ] {
                if let Some(path) = tls.text(key) {
                    let path = folders.working.join(path.value);
                    set(name, path.display().to_string());
                }
            }
            tls.finish();
        }
        (None, None) => {
            value.mismatch(
                "`tls`",
                "true, or a table with `ca`, `certificate` and `key`",
            );
            return;
        }
    }
    set("security.protocol", "ssl".to_owned());
}

fn read_sasl(table: &Table, folders: Folders, options: &mut Options) {
    let Some(sasl) = table.table("sasl", "[kafka.sasl]") else {
        return;
    };
    const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
    let expected = "`mechanism`: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";
    if let Some(mechanism) = sasl.required_text("mechanism", expected) {
        if !MECHANISMS.contains(&mechanism.value.as_str()) {
            let found = format!("unknown mechanism `{}`", mechanism.value);
            sasl.diagnostics()
                .report(mechanism.span, found, format!("expected {expected}"));
        }
        options.0.push(("sasl.mechanism".into(), mechanism.value));
    }
    if let Some(username) = sasl.required_text("username", "`username`") {
        options.0.push(("sasl.username".into(), username.value));
    }
    let password = match (sasl.text("password"), sasl.text("password_file")) {
        (Some(password), None) => Some(password.value),
        (None, Some(file)) => password_in(&sasl, folders, file),
        _ => {
            sasl.missing("password", "either `password` or `password_file`");
            None
        }
    };
    options
        .0
        .extend(password.map(|password| ("sasl.password".into(), password)));
    sasl.finish();
    let tls = options
        .0
        .iter_mut()
        .find(|(name, _)| name == "security.protocol");
    match tls {
        Some((_, protocol)) => *protocol = "sasl_ssl".into(),
        None => options
            .0
            .push(("security.protocol".into(), "sasl_plaintext".into())),
    }
}

fn password_in(sasl: &Table, folders: Folders, file: Text) -> Option<String> {
    let path = folders.working.join(&file.value);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => {
            sasl.diagnostics().report(
                file.span,
                format!("{}: {error}", path.display()),
                "expected a file with the password",
            );
            None
        }
    }
}

fn read_options(table: &Table, key: &'static str) -> Vec<(String, String)> {
    let mut options = Vec::new();
    for (name, value) in table.text_table(key) {
        let ours = OURS.iter().find(|(ours, _)| *ours == name.value);
        if let Some((_, why)) = ours {
            let found = format!("`{}` cannot be set", name.value);
            table.diagnostics().report(name.span, found, *why);
            continue;
        }
        let mut client = ClientConfig::new();
        client.set(&name.value, &value.value);
        match client.create_native_config() {
            Ok(_) => options.push((name.value, value.value)),
            Err(error) => table.diagnostics().report(
                name.span,
                format!("librdkafka does not take it: {error}"),
                "expected one of the properties that librdkafka's CONFIGURATION.md lists, and its value as a string",
            ),
        }
    }
    options
}
