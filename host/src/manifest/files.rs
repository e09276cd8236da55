//! A component's `files` and `exclude_files`.

use std::path::{Component as PathComponent, Path};

use glob::Pattern;

use super::Scope;
use super::reader::{Table, Text};
use crate::app::FileMount;

/// One entry of `files`.
pub enum DeclaredFile {
    /// Files that match, each at its own path relative to the manifest.
    Pattern(Text),
    /// A file or folder, at another path.
    Placement { source: Text, destination: Text },
}

/// Reads `files` and `exclude_files`.
pub fn read(table: &Table) -> (Vec<DeclaredFile>, Vec<Text>) {
    const EXPECTED: &str = "a glob pattern or { source = \"…\", destination = \"/…\" }";
    let mut files = Vec::new();
    if let Some(value) = table.value("files") {
        let elements = value.as_array();
        if elements.is_none() {
            value.mismatch("`files`", &format!("an array, each element {EXPECTED}"));
        }
        for element in elements.unwrap_or_default() {
            if let Some(pattern) = element.as_text() {
                if let Some((found, expected)) = check_pattern(&pattern.value) {
                    table.diagnostics().report(pattern.span, found, expected);
                } else {
                    files.push(DeclaredFile::Pattern(pattern));
                }
            } else if let Some(fields) = element.as_table("an element of `files`") {
                let source = fields.required_text("source", "a file or folder");
                let destination = fields.required_text("destination", "an absolute path");
                fields.finish();
                let (Some(source), Some(destination)) = (source, destination) else {
                    continue;
                };
                if !is_inside(&source.value) {
                    table.diagnostics().report(
                        source.span,
                        format!("`{}` is outside of the manifest's folder", source.value),
                        "expected a path in the folder of the manifest",
                    );
                } else if !destination.value.starts_with('/')
                    || !is_inside(destination.value.trim_start_matches('/'))
                {
                    table.diagnostics().report(
                        destination.span,
                        format!("the destination `{}` cannot be used", destination.value),
                        "expected an absolute path without `..`",
                    );
                } else {
                    files.push(DeclaredFile::Placement {
                        source,
                        destination,
                    });
                }
            } else {
                element.mismatch("an element of `files`", EXPECTED);
            }
        }
    }
    let mut excluded = table.texts("exclude_files");
    excluded.retain(|pattern| match Pattern::new(&pattern.value) {
        Ok(_) => true,
        Err(error) => {
            table.diagnostics().report(
                pattern.span.clone(),
                format!("the pattern `{}` is wrong: {error}", pattern.value),
                "expected a glob pattern",
            );
            false
        }
    });
    (files, excluded)
}

fn check_pattern(pattern: &str) -> Option<(String, &'static str)> {
    if !is_inside(pattern) {
        return Some((
            format!("the pattern `{pattern}` is outside of the manifest's folder"),
            "expected a path in the folder of the manifest",
        ));
    }
    Pattern::new(pattern).err().map(|error| {
        (
            format!("the pattern `{pattern}` is wrong: {error}"),
            "expected a glob pattern",
        )
    })
}

fn is_inside(path: &str) -> bool {
    Path::new(path)
        .components()
        .all(|part| matches!(part, PathComponent::Normal(_) | PathComponent::CurDir))
}

/// Finds the declared files, and reports those that do not exist.
pub fn locate(declared: &[DeclaredFile], excluded: &[Text], scope: &Scope) -> Vec<FileMount> {
    let excluded: Vec<Pattern> = excluded
        .iter()
        .filter_map(|pattern| Pattern::new(&pattern.value).ok())
        .collect();
    let mut mounts = Vec::new();
    for file in declared {
        match file {
            DeclaredFile::Pattern(pattern) => {
                let path = scope.dir.join(&pattern.value);
                if path.is_dir() {
                    scope.diagnostics.report(
                        pattern.span.clone(),
                        format!("`{}` is a folder", pattern.value),
                        format!(
                            "expected \"{0}/**/*\", or {{ source = \"{0}\", destination = \"/…\" }}",
                            pattern.value.trim_end_matches('/')
                        ),
                    );
                } else if path.is_file() {
                    mounts.extend(mount(&path, scope.dir, "", &excluded, scope.dir));
                } else if pattern.value.contains(['*', '?', '[']) {
                    let root = Pattern::escape(&scope.dir.to_string_lossy());
                    mounts.extend(
                        matches(&format!("{root}/{}", pattern.value))
                            .filter_map(|path| mount(&path, scope.dir, "", &excluded, scope.dir)),
                    );
                } else {
                    missing(pattern, scope);
                }
            }
            DeclaredFile::Placement {
                source,
                destination,
            } => {
                let path = scope.dir.join(&source.value);
                let destination = destination.value.trim_end_matches('/');
                if !path.exists() {
                    missing(source, scope);
                } else if path.is_dir() && !excluded.is_empty() {
                    let root = Pattern::escape(&path.to_string_lossy());
                    mounts.extend(
                        matches(&format!("{root}/**/*")).filter_map(|file| {
                            mount(&file, &path, destination, &excluded, scope.dir)
                        }),
                    );
                } else {
                    mounts.push(FileMount {
                        source: path,
                        destination: if destination.is_empty() {
                            "/".to_owned()
                        } else {
                            destination.to_owned()
                        },
                    });
                }
            }
        }
    }
    mounts
}

fn missing(path: &Text, scope: &Scope) {
    scope.diagnostics.report(
        path.span.clone(),
        format!("there is no `{}`", path.value),
        "expected a file or folder that exists",
    );
}

/// The files that match; those that cannot be read are not there.
fn matches(pattern: &str) -> impl Iterator<Item = std::path::PathBuf> {
    glob::glob(pattern)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|path| path.is_file())
}

/// `file` at its path relative to `root` under `destination`, unless it is excluded.
fn mount(
    file: &Path,
    root: &Path,
    destination: &str,
    excluded: &[Pattern],
    dir: &Path,
) -> Option<FileMount> {
    let from_manifest = file.strip_prefix(dir).ok()?;
    if excluded
        .iter()
        .any(|pattern| pattern.matches_path(from_manifest))
    {
        return None;
    }
    let relative = file.strip_prefix(root).ok()?.to_str()?;
    Some(FileMount {
        source: file.to_owned(),
        destination: format!("{destination}/{relative}"),
    })
}
