//! The names that Spin accepts: kebab-case and snake_case words, and what a dependency may be called.

use semver::Version;

/// Words of ASCII letters and digits between `separator`s, each starting with a letter, each all
/// lower-case or all upper-case: the Component Model's rule, as Spin applies it.
///
/// # Errors
/// What is wrong with it.
fn check_words(name: &str, separator: char) -> Result<(), String> {
    if name.is_empty() {
        return Err("it is empty".to_owned());
    }
    for word in name.split(separator) {
        let mut characters = word.chars();
        let Some(first) = characters.next() else {
            return Err(format!("it has an empty word beside `{separator}`"));
        };
        if !first.is_ascii_alphabetic() {
            return Err(format!(
                "its word `{word}` does not start with an ASCII letter"
            ));
        }
        for character in characters {
            if !character.is_ascii_alphanumeric() {
                return Err(format!("it contains {character:?}"));
            }
            if character.is_ascii_alphabetic()
                && character.is_ascii_uppercase() != first.is_ascii_uppercase()
            {
                return Err(format!("its word `{word}` mixes cases"));
            }
        }
    }
    Ok(())
}

/// A component id: `kebab-case`.
///
/// # Errors
/// What is wrong with it.
pub fn check_kebab(name: &str) -> Result<(), String> {
    check_words(name, '-')
}

/// The label of a store or database: `kebab-case` or `snake_case`.
///
/// # Errors
/// What is wrong with it.
pub fn check_label(name: &str) -> Result<(), String> {
    check_words(name, if name.contains('_') { '_' } else { '-' })
}

/// A variable: lower-case `snake_case`.
///
/// # Errors
/// What is wrong with it.
pub fn check_variable(name: &str) -> Result<(), String> {
    check_words(name, '_')?;
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return Err("it has upper-case letters".to_owned());
    }
    Ok(())
}

/// What an entry of `[component.ID.dependencies]` satisfies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DependencyName {
    /// An import of exactly that name, `foo-bar`.
    Plain(String),
    /// Imports from a package: `ns:package`, `ns:package/interface`, each also with `@version`.
    Package {
        /// `ns:package`.
        package: String,
        /// All interfaces of the package where absent.
        interface: Option<String>,
        /// Any version where absent.
        version: Option<Version>,
    },
}

impl DependencyName {
    /// Parses the key of a dependency, or the name of a component's import.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        if !name.contains([':', '/']) {
            check_kebab(name)?;
            return Ok(Self::Plain(name.to_owned()));
        }
        let (path, version) = match name.split_once('@') {
            Some((path, version)) => {
                let version = Version::parse(version)
                    .map_err(|error| format!("its version `{version}` is wrong: {error}"))?;
                (path, Some(version))
            }
            None => (name, None),
        };
        let (package, interface) = match path.split_once('/') {
            Some((package, interface)) => (package, Some(interface)),
            None => (path, None),
        };
        let Some((namespace, package_name)) = package.split_once(':') else {
            return Err("it has no `:` between namespace and package".to_owned());
        };
        for part in [Some(namespace), Some(package_name), interface]
            .into_iter()
            .flatten()
        {
            check_kebab(part).map_err(|reason| format!("in `{part}`, {reason}"))?;
        }
        Ok(Self::Package {
            package: package.to_owned(),
            interface: interface.map(str::to_owned),
            version,
        })
    }

    /// Whether no import can be satisfied by both names.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (
            Self::Package {
                package,
                interface,
                version,
            },
            Self::Package {
                package: other_package,
                interface: other_interface,
                version: other_version,
            },
        ) = (self, other)
        else {
            return self != other;
        };
        package != other_package
            || matches!((interface, other_interface), (Some(a), Some(b)) if a != b)
            || matches!((version, other_version), (Some(a), Some(b)) if !are_compatible(a, b))
    }
}

/// Whether one version may stand for the other by the rules of semantic versioning: pre-releases only
/// for themselves, `0.x` within its minor, others within their major.
pub fn are_compatible(a: &Version, b: &Version) -> bool {
    let track = |v: &Version| {
        if !v.pre.is_empty() {
            (v.major, v.minor, v.patch)
        } else if v.major > 0 {
            (v.major, 0, 0)
        } else if v.minor > 0 {
            (0, v.minor, 0)
        } else {
            (0, 0, v.patch)
        }
    };
    a.pre == b.pre && track(a) == track(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn component_ids_are_kebab_case() {
        for good in ["a", "todo-api", "a1-b2", "HTTP-api"] {
            assert_eq!(check_kebab(good), Ok(()), "{good}");
        }
        for bad in [
            "", "-", "a-", "-a", "a--b", "1a", "a-1", "todo_api", "todoApi", "tödo", "a b",
        ] {
            assert!(check_kebab(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_are_kebab_or_snake_but_not_both() {
        for good in ["default", "rate-limits", "rate_limits"] {
            assert_eq!(check_label(good), Ok(()), "{good}");
        }
        assert!(check_label("rate-limits_all").is_err());
    }

    #[test]
    fn variables_are_lower_snake_case() {
        for good in ["a", "jwt_secret", "a1_b2"] {
            assert_eq!(check_variable(good), Ok(()), "{good}");
        }
        for bad in ["JWT", "jwt-secret", "a__b", "_a", "a_", "1a"] {
            assert!(check_variable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dependency_names_parse() {
        let package = |interface: Option<&str>, version: Option<&str>| DependencyName::Package {
            package: "todo:events".to_owned(),
            interface: interface.map(str::to_owned),
            version: version.map(|v| Version::parse(v).unwrap()),
        };
        for (name, expected) in [
            ("log-sink", DependencyName::Plain("log-sink".to_owned())),
            ("todo:events", package(None, None)),
            ("todo:events@1.0.0", package(None, Some("1.0.0"))),
            ("todo:events/producer", package(Some("producer"), None)),
            (
                "todo:events/producer@1.0.0-rc.1",
                package(Some("producer"), Some("1.0.0-rc.1")),
            ),
        ] {
            assert_eq!(DependencyName::parse(name), Ok(expected), "{name}");
        }
        for bad in [
            "", ":", "/", "a/b", "a:b@1", "a:b/c@", "a:b/c/d", "a:", ":b",
        ] {
            assert!(DependencyName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_are_compatible_within_their_track() {
        let v = |text| Version::parse(text).unwrap();
        for (a, b, expected) in [
            ("1.0.0", "1.2.3", true),
            ("1.0.0", "2.0.0", false),
            ("0.2.0", "0.2.6", true),
            ("0.2.0", "0.3.0", false),
            ("0.0.1", "0.0.2", false),
            ("0.3.0-rc-1", "0.3.0", false),
            ("0.3.0-rc-1", "0.3.0-rc-1", true),
        ] {
            assert_eq!(are_compatible(&v(a), &v(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn names_that_share_an_import_are_not_disjoint() {
        for (a, b, expected) in [
            ("a:b", "a:b/c", false),
            ("a:b/c", "a:b/d", true),
            ("a:b/c@1.0.0", "a:b/c@2.0.0", true),
            ("a:b/c@1.0.0", "a:b/c@1.1.0", false),
            ("a:b/c", "a:b/c@1.1.0", false),
            ("a:b", "c:d", true),
            ("plain", "a:b", true),
        ] {
            let (x, y) = (
                DependencyName::parse(a).unwrap(),
                DependencyName::parse(b).unwrap(),
            );
            assert_eq!(x.is_disjoint(&y), expected, "{a} {b}");
        }
    }
}
