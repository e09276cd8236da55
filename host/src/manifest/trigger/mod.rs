//! The manifest's `[[trigger.TYPE]]` sections.

mod cron;
mod http;
mod kafka;

use std::collections::BTreeSet;
use std::ops::Range;

use croner::Cron;

use super::Scope;
use super::diagnostics::{did_you_mean, list};
use super::reader::{Table, Text, Value};
use crate::app::{CronTrigger, HttpTrigger, KafkaTrigger, Route};

/// The trigger types of this host.
const KNOWN_TYPES: &[&str] = &["http", "kafka", "cron"];

/// A trigger as written, with the id that it has or gets.
pub struct DeclaredTrigger<'d, 's> {
    id: Text,
    /// Which component it starts, with the place that names it.
    component: Option<Text>,
    /// The component itself where the trigger holds it instead of its id.
    inline: Option<Value<'d, 's>>,
    /// Of `KNOWN_TYPES`.
    trigger_type: &'static str,
    fields: Fields,
}

/// What is of one type of trigger alone; none where it cannot be used.
enum Fields {
    /// With its place.
    Http(Option<(Route, Range<usize>)>),
    Kafka(Option<kafka::Fields>),
    Cron(Option<Cron>),
}

/// The triggers of a manifest, by type.
#[derive(Default)]
pub struct Triggers {
    pub http: Vec<HttpTrigger>,
    pub kafka: Vec<KafkaTrigger>,
    pub cron: Vec<CronTrigger>,
}

impl Triggers {
    /// The component of every trigger; one with several is there as often.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        let http = self.http.iter().map(|trigger| &trigger.component);
        let kafka = self.kafka.iter().map(|trigger| &trigger.component);
        let cron = self.cron.iter().map(|trigger| &trigger.component);
        http.chain(kafka).chain(cron).map(String::as_str)
    }
}

impl<'d, 's> DeclaredTrigger<'d, 's> {
    /// The component that the trigger holds, with the id that it gets.
    pub fn inline_component(&self) -> Option<(Text, Value<'d, 's>)> {
        Some((self.component.clone()?, self.inline?))
    }
}

/// Reads all triggers, in the order of the file.
pub fn read<'d, 's>(document: &Table<'d, 's>) -> Vec<DeclaredTrigger<'d, 's>> {
    const EXPECTED: &str = "at least one trigger, like `[[trigger.http]]`";
    let mut triggers = Vec::new();
    if document.key_span("trigger").is_none() {
        document.ignore(&["trigger"]);
        document.missing("trigger", EXPECTED);
        return triggers;
    }
    let Some(types) = document.table("trigger", "[trigger]") else {
        return triggers;
    };
    for (name, value) in types.entries() {
        let Some(trigger_type) = KNOWN_TYPES.iter().find(|known| **known == name.value) else {
            let found = format!("unknown trigger type `{}`", name.value);
            let expected = format!("known are {}", list(KNOWN_TYPES.iter().copied()));
            match did_you_mean(&name.value, KNOWN_TYPES.iter().copied()) {
                Some(help) => document
                    .diagnostics()
                    .report_with_help(name.span, found, expected, help),
                None => document.diagnostics().report(name.span, found, expected),
            }
            continue;
        };
        let section = format!("[[trigger.{trigger_type}]]");
        let Some(elements) = value.as_array() else {
            let what = format!("`trigger.{trigger_type}`");
            value.mismatch(&what, &format!("an array of tables: `{section}`"));
            continue;
        };
        for element in elements {
            match element.as_table(&section) {
                Some(table) => triggers.push(read_trigger(trigger_type, &table)),
                None => element.mismatch("a trigger", &format!("a table: `{section}`")),
            }
        }
    }
    name_unnamed(&mut triggers);
    triggers
}

fn read_trigger<'d, 's>(
    trigger_type: &'static str,
    table: &Table<'d, 's>,
) -> DeclaredTrigger<'d, 's> {
    let id = table.text("id").unwrap_or(Text {
        value: String::new(),
        span: table.span(),
    });
    let (mut component, mut inline) = (None, None);
    match table.value("component") {
        None if trigger_type == "http" && table.key_span("static_response").is_some() => {}
        None => table.missing("component", "the id of the component that it starts"),
        Some(value) if value.as_table("").is_some() => inline = Some(value),
        Some(value) => {
            component = value.as_text();
            if component.is_none() {
                value.mismatch("`component`", "the id of a component");
            }
        }
    }
    table.refuse("components", "a trigger has one `component`");
    let fields = match trigger_type {
        "kafka" => Fields::Kafka(kafka::read(table)),
        "cron" => Fields::Cron(cron::read(table)),
        _ => Fields::Http(http::read(table)),
    };
    table.finish();
    DeclaredTrigger {
        id,
        component,
        inline,
        trigger_type,
        fields,
    }
}

/// Gives triggers and the components in them their ids, by the rules of Spin.
fn name_unnamed(triggers: &mut [DeclaredTrigger]) {
    let mut taken: BTreeSet<String> = triggers.iter().map(|t| t.id.value.clone()).collect();
    for trigger_type in KNOWN_TYPES {
        let mut counter = 1;
        for trigger in triggers
            .iter_mut()
            .filter(|t| t.trigger_type == *trigger_type && t.id.value.is_empty())
        {
            if let Some(component) = &trigger.component {
                trigger.id.value = format!("{}-{trigger_type}-trigger", component.value);
            }
            while trigger.id.value.is_empty() || taken.contains(&trigger.id.value) {
                trigger.id.value = format!("{trigger_type}-trigger{counter}");
                counter += 1;
            }
            taken.insert(trigger.id.value.clone());
        }
    }
    for trigger in triggers {
        if let Some(inline) = trigger.inline {
            trigger.component = Some(Text {
                value: format!("{}-component", trigger.id.value),
                span: inline.span(),
            });
        }
    }
}

/// Reports what is wrong between triggers, and gives the good ones.
pub fn check(declared: Vec<DeclaredTrigger>, scope: &Scope) -> Triggers {
    let mut ids = BTreeSet::new();
    let mut routes = http::SeenRoutes::default();
    let mut topics = kafka::SeenTopics::default();
    let mut triggers = Triggers::default();
    for trigger in declared {
        let id = trigger.id.value;
        if !ids.insert(id.clone()) {
            scope.diagnostics.report(
                trigger.id.span,
                format!("two triggers have the id `{id}`"),
                "expected a different id for each",
            );
        }
        if let Some(component) = &trigger.component {
            scope.check_component(component);
        }
        let component = trigger.component.map(|component| component.value);
        match (trigger.fields, component) {
            (Fields::Http(Some(route)), component) => {
                routes.check(&route, scope);
                if let Some(component) = component {
                    let (route, _) = route;
                    triggers.http.push(HttpTrigger {
                        id,
                        component,
                        route,
                    });
                }
            }
            (Fields::Kafka(Some(fields)), component) => {
                topics.check(&fields, scope);
                if let Some(component) = component {
                    triggers.kafka.push(fields.trigger(id, component));
                }
            }
            (Fields::Cron(Some(schedule)), Some(component)) => {
                triggers.cron.push(CronTrigger {
                    id,
                    component,
                    schedule,
                });
            }
            _ => {}
        }
    }
    triggers
}
