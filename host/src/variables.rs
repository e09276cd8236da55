//! Application variables: where their values come from, and the templates that use them.
//!
//! The rules are Spin's: the providers of the runtime configuration are asked first, in their order,
//! then the environment (`SPIN_VARIABLE_<NAME>`, and a file `.env` for what the environment lacks), and
//! the manifest's default is the last resort. In a template, `{{ name }}` stands for a value; there is
//! no way to escape `{{`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::app::{Component, Variable};
use crate::dapr_secrets::DaprSecret;
use crate::outbound_hosts::{AllowedHost, AllowedHosts};

/// Environment variables that start with this and `_` set application variables.
pub const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE";

/// A text with places for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// A template whose `{{` is never closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{{` without `}}}}`")]
pub struct UnclosedTemplate;

impl Template {
    /// Parses a text; one without `{{` is a template that stands for itself.
    pub fn parse(text: &str) -> Result<Self, UnclosedTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(UnclosedTemplate)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The variables it uses.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The text with every variable replaced by what `value` gives; the name of the first for which it
    /// gives nothing otherwise.
    pub fn expand<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, &str> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => text.push_str(value(name).ok_or(name.as_str())?),
            }
        }
        Ok(text)
    }
}

/// Parses an entry of `allowed_outbound_hosts` whose templates were expanded. An empty variable may
/// leave it without a host: that allows nothing.
pub fn parse_expanded_host(entry: &str) -> Result<Option<AllowedHost>, String> {
    match entry {
        "" | "http://" | "https://" => Ok(None),
        _ => AllowedHost::parse(entry).map(Some),
    }
}

/// A source of values. `Debug` shows no value.
pub struct Provider(Source);

enum Source {
    /// By variable name.
    Static(BTreeMap<String, String>),
    /// By name in the environment.
    Environment {
        prefix: String,
        values: BTreeMap<String, String>,
    },
    /// By variable name, once they are fetched.
    Dapr {
        secret: DaprSecret,
        values: BTreeMap<String, String>,
    },
}

impl Provider {
    /// Values given in the runtime configuration, by variable name.
    pub fn fixed(values: BTreeMap<String, String>) -> Self {
        Self(Source::Static(values))
    }

    /// `<prefix>_<NAME>` in `environment`, then in the file at `dotenv_path` if there is one.
    ///
    /// # Errors
    /// The file exists and is not readable or not of the form `NAME=value`, or a value is not UTF-8.
    pub fn environment(
        prefix: &str,
        dotenv_path: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        if let Some(path) = dotenv_path.filter(|path| path.exists()) {
            let read = || -> std::result::Result<Vec<_>, dotenvy::Error> {
                dotenvy::from_path_iter(path)?.collect()
            };
            // The error itself would quote the line, which may hold a secret.
            let pairs = read().map_err(|error| {
                let reason = match error {
                    dotenvy::Error::Io(error) => error.to_string(),
                    _ => "a line is not `NAME=value`".to_owned(),
                };
                anyhow::anyhow!("cannot read variables from {}: {reason}", path.display())
            })?;
            values.extend(pairs);
        }
        let start = format!("{prefix}_");
        for (name, value) in environment {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if name.starts_with(&start) {
                let value = value
                    .into_string()
                    .ok()
                    .with_context(|| format!("the environment variable {name} is not UTF-8"))?;
                values.insert(name, value);
            }
        }
        Ok(Self(Source::Environment {
            prefix: prefix.to_owned(),
            values,
        }))
    }

    /// The keys of a secret that a Dapr sidecar gives out, by variable name.
    pub fn dapr(secret: DaprSecret) -> Self {
        let values = BTreeMap::new();
        Self(Source::Dapr { secret, values })
    }

    /// Gets the values of one that asks others for them.
    ///
    /// # Errors
    /// They do not give them.
    pub async fn fetch(&mut self) -> Result<()> {
        if let Source::Dapr { secret, values } = &mut self.0 {
            *values = secret.read().await?;
        }
        Ok(())
    }

    /// The value that it has for a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Source::Static(values) | Source::Dapr { values, .. } => values.get(name),
            Source::Environment { prefix, values } => {
                values.get(&format!("{prefix}_{}", name.to_ascii_uppercase()))
            }
        }
        .map(String::as_str)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Static(values) => f.debug_tuple("Static").field(&values.keys()).finish(),
            Source::Environment { prefix, .. } => {
                f.debug_tuple("Environment").field(prefix).finish()
            }
            Source::Dapr { secret, .. } => fmt::Debug::fmt(secret, f),
        }
    }
}

/// Required variables that no provider has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MissingVariables(Vec<String>);

impl fmt::Display for MissingVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("required variables have no value:")?;
        for name in &self.0 {
            write!(
                f,
                "\n  {name}: set {ENVIRONMENT_PREFIX}_{}",
                name.to_ascii_uppercase()
            )?;
        }
        f.write_str(
            "\nor give the values under `[[variables_provider]]` in the runtime configuration file",
        )
    }
}

/// The value of every application variable. `Debug` shows names only.
#[derive(Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Finds the value of each variable: from the first provider that has one, else its default.
    ///
    /// # Errors
    /// All required variables that are without a value.
    pub fn resolve(
        variables: &BTreeMap<String, Variable>,
        providers: &[Provider],
    ) -> Result<Self, MissingVariables> {
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in variables {
            let provided = providers.iter().find_map(|provider| provider.get(name));
            match provided.or(variable.default.as_deref()) {
                Some(value) => {
                    values.insert(name.clone(), value.to_owned());
                }
                None => missing.push(name.clone()),
            }
        }
        if missing.is_empty() {
            Ok(Self(values))
        } else {
            Err(MissingVariables(missing))
        }
    }

    /// A component's own variables, its templates expanded.
    ///
    /// # Errors
    /// A template is wrong or uses an undefined variable; `manifest::load` lets neither through.
    pub fn of_component(&self, component: &Component) -> Result<ComponentVariables> {
        let expand = |(name, template): (&String, &String)| {
            let value = self
                .expand(template)
                .with_context(|| format!("variable `{name}` of component `{}`", component.id))?;
            Ok((name.clone(), value))
        };
        Ok(ComponentVariables(
            component
                .variables
                .iter()
                .map(expand)
                .collect::<Result<_>>()?,
        ))
    }

    /// What a component may reach, its templates expanded.
    ///
    /// # Errors
    /// An entry means nothing once its variables have their values.
    pub fn allowed_hosts<'a>(
        &self,
        component: &Component,
        component_ids: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<AllowedHosts> {
        let mut entries = Vec::new();
        for entry in &component.allowed_outbound_hosts {
            // The reason would quote the expanded entry, which may hold a secret.
            let host = parse_expanded_host(&self.expand(entry)?).map_err(|_| {
                anyhow::anyhow!(
                    "`{entry}` in the allowed_outbound_hosts of component `{}` is not `scheme://host[:port]` with the values that its variables have",
                    component.id
                )
            })?;
            entries.extend(host);
        }
        Ok(AllowedHosts::new(entries, component_ids))
    }

    /// A text with the values of the variables in it.
    ///
    /// # Errors
    /// The template is wrong or uses an undefined variable.
    pub fn expand(&self, template: &str) -> Result<String> {
        Template::parse(template)?
            .expand(|name| self.0.get(name).map(String::as_str))
            .map_err(|name| anyhow::anyhow!("`{{{{ {name} }}}}` is not an application variable"))
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Variables").field(&self.0.keys()).finish()
    }
}

/// The variables that a component sees. `Debug` shows names only.
#[derive(Clone, Default)]
pub struct ComponentVariables(BTreeMap<String, String>);

impl ComponentVariables {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for ComponentVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ComponentVariables")
            .field(&self.0.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    fn variable(default: Option<&str>) -> Variable {
        Variable {
            default: default.map(str::to_owned),
            required: default.is_none(),
        }
    }

    fn variables(entries: &[(&str, Option<&str>)]) -> BTreeMap<String, Variable> {
        entries
            .iter()
            .map(|(name, default)| ((*name).to_owned(), variable(*default)))
            .collect()
    }

    fn fixed(entries: &[(&str, &str)]) -> Provider {
        Provider::fixed(
            entries
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn environment(entries: &[(&str, &str)], dotenv: Option<&Path>) -> Provider {
        let pairs = entries
            .iter()
            .map(|(n, v)| (OsString::from(n), OsString::from(v)));
        Provider::environment(ENVIRONMENT_PREFIX, dotenv, pairs).unwrap()
    }

    fn component(hosts: &[&str], variables: &[(&str, &str)]) -> Component {
        Component {
            id: "todo-api".to_owned(),
            source: PathBuf::new(),
            environment: BTreeMap::new(),
            files: Vec::new(),
            variables: variables
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            allowed_outbound_hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
            key_value_stores: Vec::new(),
            sqlite_databases: Vec::new(),
            dependencies: Vec::new(),
            build: None,
        }
    }

    #[test]
    fn templates_take_their_parts() {
        let values = BTreeMap::from([("a", "1"), ("b", "2")]);
        for (template, expected) in [
            ("", Ok("")),
            ("plain } text", Ok("plain } text")),
            ("{{a}}{{ b }}", Ok("12")),
            ("x-{{  a  }}-y", Ok("x-1-y")),
            ("{{{ a }}", Err("{ a")),
            ("{{ c }}", Err("c")),
            ("{{}}", Err("")),
        ] {
            let parsed = Template::parse(template).unwrap();
            let expanded = parsed.expand(|name| values.get(name).copied());
            assert_eq!(expanded, expected.map(str::to_owned), "{template}");
        }
        for template in ["{{", "{{ a }", "{{ a }} {{ b"] {
            assert_eq!(
                Template::parse(template),
                Err(UnclosedTemplate),
                "{template}"
            );
        }
    }

    #[test]
    fn the_first_provider_wins_and_the_default_comes_last() {
        let variables = variables(&[
            ("a", Some("default")),
            ("b", Some("default")),
            ("c_d", None),
        ]);
        let providers = [
            fixed(&[("a", "static")]),
            environment(
                &[
                    ("SPIN_VARIABLE_A", "env"),
                    ("SPIN_VARIABLE_C_D", "env"),
                    ("B", "no"),
                ],
                None,
            ),
        ];
        let resolved = Variables::resolve(&variables, &providers).unwrap();
        let component = component(&[], &[("x", "{{ a }} {{ b }} {{ c_d }}")]);
        let own = resolved.of_component(&component).unwrap();
        assert_eq!(own.get("x"), Some("static default env"));
        assert_eq!(own.get("a"), None);
    }

    #[test]
    fn an_empty_value_is_a_value() {
        let providers = [environment(&[("SPIN_VARIABLE_A", "")], None)];
        let resolved =
            Variables::resolve(&variables(&[("a", Some("default"))]), &providers).unwrap();
        let own = resolved
            .of_component(&component(&[], &[("x", "{{ a }}")]))
            .unwrap();
        assert_eq!(own.get("x"), Some(""));
    }

    #[test]
    fn every_missing_variable_is_named_with_how_to_set_it() {
        let variables = variables(&[
            ("jwt_secret", None),
            ("with_default", Some("")),
            ("database_url", None),
        ]);
        let error = Variables::resolve(&variables, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "required variables have no value:\n  \
             database_url: set SPIN_VARIABLE_DATABASE_URL\n  \
             jwt_secret: set SPIN_VARIABLE_JWT_SECRET\n\
             or give the values under `[[variables_provider]]` in the runtime configuration file"
        );
    }

    #[test]
    fn a_dotenv_file_gives_what_the_environment_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "SPIN_VARIABLE_A=file\nSPIN_VARIABLE_B=\"file\"\n").unwrap();
        let provider = environment(&[("SPIN_VARIABLE_A", "env")], Some(&path));
        assert_eq!(provider.get("a"), Some("env"));
        assert_eq!(provider.get("b"), Some("file"));
        let missing = folder.path().join("missing");
        assert_eq!(environment(&[], Some(&missing)).get("b"), None);
    }

    #[test]
    fn a_broken_dotenv_file_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "JWT_SECRET='hunter2\n").unwrap();
        let error = Provider::environment(ENVIRONMENT_PREFIX, Some(&path), []).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            format!(
                "cannot read variables from {}: a line is not `NAME=value`",
                path.display()
            )
        );
    }

    #[test]
    fn debug_output_shows_no_value() {
        let secret = "hunter2";
        let provider = fixed(&[("jwt_secret", secret)]);
        let env = environment(&[("SPIN_VARIABLE_JWT_SECRET", secret)], None);
        let variables = Variables::resolve(
            &variables(&[("jwt_secret", None)]),
            std::slice::from_ref(&provider),
        )
        .unwrap();
        let own = variables
            .of_component(&component(&[], &[("key", "{{ jwt_secret }}")]))
            .unwrap();
        let shown = format!("{provider:?} {env:?} {variables:?} {own:?}");
        assert!(!shown.contains(secret), "{shown}");
        assert!(shown.contains("jwt_secret"), "{shown}");
    }

    #[test]
    fn allowed_hosts_are_expanded() {
        let providers = [fixed(&[("host", "example.com"), ("optional", "")])];
        let known = variables(&[("host", None), ("optional", None)]);
        let variables = Variables::resolve(&known, &providers).unwrap();
        let hosts = [
            "https://{{ host }}:8443",
            "https://{{ optional }}",
            "http://*.spin.internal",
        ];
        let allowed = variables
            .allowed_hosts(&component(&hosts, &[]), ["password"])
            .unwrap();
        assert!(allowed.allows("https", "example.com", Some(8443)));
        assert!(allowed.allows("http", "password.spin.internal", None));
        assert!(!allowed.allows("https", "example.com", None));

        let error = variables
            .allowed_hosts(&component(&["{{ host }}"], &[]), [])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`{{ host }}` in the allowed_outbound_hosts of component `todo-api` is not \
             `scheme://host[:port]` with the values that its variables have"
        );
    }

    proptest! {
        #[test]
        fn a_text_without_braces_stands_for_itself(text in "[^{]{0,40}") {
            let template = Template::parse(&text).unwrap();
            prop_assert_eq!(template.expand(|_| None), Ok(text));
        }

        #[test]
        fn no_template_panics(text in "[{} a]{0,40}") {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.expand(|_| Some("x"));
            }
        }
    }
}
