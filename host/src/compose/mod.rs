//! Composes a component with the components that provide its imports.
//!
//! A dependency may use of its importer's configuration only what the manifest lets it inherit. What it
//! imports beyond that is provided by a generated component instead of the host: see `deny`.

mod deny;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wac_graph::types::{Package, SubtypeChecker, WorldId, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use crate::app::{Component, Dependency};
use crate::manifest::names::{DependencyName, are_compatible};

/// The component to run: the bytes of its file, composed with its dependencies if it has any.
///
/// # Errors
/// A file cannot be read or is no component, a dependency matches no import or two match the same, or
/// its export does not fit the import.
pub fn compose(component: &Component) -> Result<Vec<u8>> {
    let bytes = std::fs::read(&component.source)
        .with_context(|| format!("cannot read {}", component.source.display()))?;
    if component.dependencies.is_empty() {
        return Ok(bytes);
    }
    compose_bytes(component, bytes)
        .with_context(|| format!("cannot compose component `{}`", component.id))
}

fn compose_bytes(component: &Component, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let (world, instance) = instantiate(&mut graph, &component.id, bytes)?;
    let imports: Vec<String> = graph.types()[world].imports.keys().cloned().collect();

    let mut provided: BTreeMap<&str, &str> = BTreeMap::new();
    for (index, dependency) in component.dependencies.iter().enumerate() {
        let matching = matching_imports(&dependency.import, &imports)?;
        if matching.is_empty() {
            bail!(
                "the dependency `{}` matches none of its imports: {}",
                dependency.import,
                crate::manifest::diagnostics::list(imports.iter().map(String::as_str))
            );
        }
        let (provider_world, provider) =
            instantiate_dependency(&mut graph, dependency, &format!("dependency{index}"))
                .with_context(|| format!("the dependency `{}`", dependency.import))?;
        for import in matching {
            if let Some(other) = provided.insert(import, &dependency.import) {
                bail!(
                    "the dependencies `{other}` and `{}` both provide `{import}`",
                    dependency.import
                );
            }
            let export = find_export(&graph, provider_world, dependency, import)?;
            check_fits(&graph, (provider_world, &export), (world, import)).with_context(|| {
                format!(
                    "the dependency `{}` exports `{export}`, which does not fit the import `{import}`",
                    dependency.import
                )
            })?;
            let node = graph.alias_instance_export(provider, &export)?;
            graph.set_instantiation_argument(instance, import, node)?;
        }
    }

    let exports: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for export in exports {
        let node = graph.alias_instance_export(instance, &export)?;
        graph.export(node, &export)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

fn instantiate(
    graph: &mut CompositionGraph,
    name: &str,
    bytes: Vec<u8>,
) -> Result<(WorldId, NodeId)> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())
        .context("it is not a component that can be composed")?;
    let world = package.ty();
    let package = graph.register_package(package)?;
    Ok((world, graph.instantiate(package)))
}

/// Instantiates a dependency; what it must not reach is denied to it.
fn instantiate_dependency(
    graph: &mut CompositionGraph,
    dependency: &Dependency,
    name: &str,
) -> Result<(WorldId, NodeId)> {
    let bytes = std::fs::read(&dependency.source)
        .with_context(|| format!("cannot read {}", dependency.source.display()))?;
    let denying = deny::component(&bytes, &dependency.inherit_configuration)
        .context("what it does not inherit cannot be denied to it")?;
    let (world, instance) = instantiate(graph, name, bytes)?;
    if let Some(denying) = denying {
        let (_, denier) = instantiate(graph, &format!("{name}-denied"), denying.bytes)?;
        for interface in denying.interfaces {
            let node = graph.alias_instance_export(denier, &interface)?;
            graph.set_instantiation_argument(instance, &interface, node)?;
        }
    }
    Ok((world, instance))
}

/// The imports that a dependency is for: those of exactly its name if there are any, else those of a
/// compatible version.
fn matching_imports<'a>(dependency: &str, imports: &'a [String]) -> Result<Vec<&'a str>> {
    let parse = |name: &str| {
        DependencyName::parse(name).map_err(|reason| anyhow::anyhow!("`{name}`: {reason}"))
    };
    if let Some(exact) = imports.iter().find(|import| *import == dependency) {
        return Ok(vec![exact]);
    }
    let dependency = parse(dependency)?;
    Ok(imports
        .iter()
        .map(String::as_str)
        // An import that is named otherwise, as a URL is, is not for a dependency.
        .filter(|import| parse(import).is_ok_and(|import| satisfies(&dependency, &import)))
        .collect())
}

fn satisfies(dependency: &DependencyName, import: &DependencyName) -> bool {
    match (dependency, import) {
        (
            DependencyName::Package {
                package,
                interface,
                version,
            },
            DependencyName::Package {
                package: import_package,
                interface: import_interface,
                version: import_version,
            },
        ) => {
            package == import_package
                && interface
                    .as_ref()
                    .is_none_or(|interface| Some(interface) == import_interface.as_ref())
                && version.as_ref().is_none_or(|version| {
                    import_version
                        .as_ref()
                        .is_some_and(|import| are_compatible(version, import))
                })
        }
        _ => dependency == import,
    }
}

/// The export that the manifest names, else that of the import's name, else one of a compatible version.
fn find_export(
    graph: &CompositionGraph,
    world: WorldId,
    dependency: &Dependency,
    import: &str,
) -> Result<String> {
    let exports = &graph.types()[world].exports;
    let wanted = dependency.export.as_deref().unwrap_or(import);
    if exports.contains_key(wanted) {
        return Ok(wanted.to_owned());
    }
    exports
        .keys()
        .find(|export| dependency.export.is_none() && are_semver_compatible(export, import))
        .cloned()
        .with_context(|| {
            format!(
                "the dependency `{}` does not export `{wanted}`; it exports {}",
                dependency.import,
                crate::manifest::diagnostics::list(exports.keys().map(String::as_str))
            )
        })
}

fn check_fits(
    graph: &CompositionGraph,
    (provider, export): (WorldId, &str),
    (importer, import): (WorldId, &str),
) -> Result<()> {
    let types = graph.types();
    let (Some(export), Some(import)) = (
        types[provider].exports.get(export),
        types[importer].imports.get(import),
    ) else {
        bail!("one of the two is not there");
    };
    let mut cache = Default::default();
    SubtypeChecker::new(&mut cache).is_subtype(*export, types, *import, types)
}

#[cfg(test)]
mod tests;
