//! Real components, composed: made from WIT with bodies that return numbers, so that what a composition
//! answers shows whose code ran.

use std::path::PathBuf;

use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::*;
use crate::app::InheritConfiguration;

/// The interfaces that the tests speak of.
const PACKAGES: &[&str] = &[
    "package x:math@1.2.0; interface numbers { value: func() -> u32; } interface more { value: func() -> u32; }",
    "package x:older@1.0.0; interface numbers { value: func() -> u32; }",
    "package wasi:cli@0.2.6; interface environment { get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>; initial-cwd: func() -> option<string>; } interface exit { exit: func(code: u32); }",
    "package wasi:http@0.3.0; interface types { resource request; resource response; } interface client { use types.{request, response}; send: async func(request: request) -> result<response, string>; }",
    "package wasi:sockets@0.3.0; interface types { enum error-code { access-denied } resource tcp-socket { create: static func() -> result<tcp-socket, error-code>; } } interface ip-name-lookup { use types.{error-code}; resolve: async func(name: string) -> result<list<string>, error-code>; }",
    "package spin:key-value@3.0.0; interface key-value { resource store { open: static async func(label: string) -> result<store>; keys: async func() -> tuple<stream<string>, future<result<_, string>>>; } }",
];

/// A component of a world, from the text of a core module without its memory.
fn build(world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    for (index, package) in PACKAGES.iter().enumerate() {
        resolve.push_str(format!("{index}.wit"), package).unwrap();
    }
    let package = resolve
        .push_str(
            "test.wit",
            &format!("package x:test; world test {{ {world} }}"),
        )
        .unwrap();
    let world = resolve.select_world(&[package], Some("test")).unwrap();
    let mut module = wat::parse_str(format!(
        "(module {module} (memory (export \"memory\") 1)
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))"
    ))
    .unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

/// Exports `run`, which answers what `x:math/numbers` answers, plus 1.
fn importer() -> Vec<u8> {
    build(
        "import x:math/numbers@1.2.0; import wasi:cli/exit@0.2.6; export run: func() -> u32;",
        r#"(import "x:math/numbers@1.2.0" "value" (func $value (result i32)))
           (import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))
           (func (export "run") (result i32) (i32.add (call $value) (i32.const 1)))"#,
    )
}

/// Exports `x:math/numbers`, which answers 41.
fn provider() -> Vec<u8> {
    build(
        "export x:math/numbers@1.2.0;",
        r#"(func (export "x:math/numbers@1.2.0#value") (result i32) (i32.const 41))"#,
    )
}

/// The same with imports of the host's that only some components may use.
fn curious_provider() -> Vec<u8> {
    build(
        "import wasi:cli/environment@0.2.6; import wasi:cli/exit@0.2.6; import wasi:http/client@0.3.0;
         import wasi:sockets/ip-name-lookup@0.3.0; import spin:key-value/key-value@3.0.0;
         export x:math/numbers@1.2.0;",
        r#"(import "wasi:cli/environment@0.2.6" "get-environment" (func $environment (param i32)))
           (import "wasi:cli/environment@0.2.6" "initial-cwd" (func $cwd (param i32)))
           (import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))
           (import "wasi:http/client@0.3.0" "send" (func $send (param i32 i32)))
           (import "wasi:sockets/ip-name-lookup@0.3.0" "resolve" (func $resolve (param i32 i32 i32)))
           (import "spin:key-value/key-value@3.0.0" "[static]store.open" (func $open (param i32 i32 i32)))
           (import "spin:key-value/key-value@3.0.0" "[method]store.keys" (func $keys (param i32 i32)))
           (func (export "x:math/numbers@1.2.0#value") (result i32)
             (call $environment (i32.const 100))
             (i32.load (i32.const 104)))"#,
    )
}

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        Self(dir)
    }

    fn component(&self, dependencies: Vec<Dependency>) -> Component {
        Component {
            id: "importer".to_owned(),
            source: self.path("importer.wasm"),
            environment: BTreeMap::new(),
            files: Vec::new(),
            variables: BTreeMap::new(),
            allowed_outbound_hosts: Vec::new(),
            key_value_stores: Vec::new(),
            sqlite_databases: Vec::new(),
            dependencies,
            build: None,
        }
    }

    fn dependency(&self, import: &str, file: &str, inherited: &[&str]) -> Dependency {
        Dependency {
            import: import.to_owned(),
            source: self.path(file),
            export: None,
            inherit_configuration: InheritConfiguration::Only(
                inherited.iter().map(|field| (*field).to_owned()).collect(),
            ),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }
}

/// What `run` answers; imports that are left trap.
async fn run(composed: &[u8]) -> wasmtime::Result<u32> {
    let mut config = wasmtime::Config::new();
    config.wasm_component_model_async(true);
    let engine = wasmtime::Engine::new(&config)?;
    let component = wasmtime::component::Component::new(&engine, composed)?;
    let mut linker = wasmtime::component::Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = linker.instantiate_async(&mut store, &component).await?;
    let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run")?;
    Ok(run.call_async(&mut store, ()).await?.0)
}

/// The interfaces that a component imports and the names of what it exports.
fn imports_and_exports(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let Ok(DecodedWasm::Component(resolve, world)) = wit_component::decode(bytes) else {
        panic!("not a component");
    };
    let world = &resolve.worlds[world];
    let name = |key| resolve.name_world_key(key);
    let mut imports: Vec<_> = world.imports.keys().map(name).collect();
    imports.sort();
    (imports, world.exports.keys().map(name).collect())
}

fn error(component: &Component) -> String {
    format!("{:#}", compose(component).unwrap_err())
}

#[test]
fn without_dependencies_the_file_is_the_component() {
    let files = Files::new(&[("importer.wasm", b"anything".to_vec())]);
    assert_eq!(compose(&files.component(Vec::new())).unwrap(), b"anything");
}

#[test]
fn a_dependency_provides_an_import_and_the_exports_stay() {
    let files = Files::new(&[("importer.wasm", importer()), ("math.wasm", provider())]);
    for name in [
        "x:math/numbers@1.2.0",
        "x:math/numbers",
        "x:math@1.2.0",
        "x:math@1.0.0",
        "x:math",
    ] {
        let component = files.component(vec![files.dependency(name, "math.wasm", &[])]);
        let composed = compose(&component).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let (imports, exports) = imports_and_exports(&composed);
        assert_eq!(imports, ["wasi:cli/exit@0.2.6"], "{name}");
        assert_eq!(exports, ["run"], "{name}");
    }
}

#[test]
fn an_export_of_another_name_can_be_taken() {
    let older = build(
        "export x:older/numbers@1.0.0;",
        r#"(func (export "x:older/numbers@1.0.0#value") (result i32) (i32.const 1))"#,
    );
    let files = Files::new(&[("importer.wasm", importer()), ("older.wasm", older)]);
    let mut dependency = files.dependency("x:math/numbers", "older.wasm", &[]);
    assert_eq!(
        error(&files.component(vec![dependency.clone()])),
        "cannot compose component `importer`: the dependency `x:math/numbers` does not export `x:math/numbers@1.2.0`; it exports `x:older/numbers@1.0.0`"
    );
    dependency.export = Some("x:older/numbers@1.0.0".to_owned());
    compose(&files.component(vec![dependency])).unwrap();
}

#[test]
fn an_export_of_a_compatible_version_is_taken() {
    let mut resolve = Resolve::default();
    resolve
        .push_str(
            "x.wit",
            "package x:math@1.4.0; interface numbers { value: func() -> u32; }",
        )
        .unwrap();
    let package = resolve
        .push_str(
            "t.wit",
            "package x:t; world t { export x:math/numbers@1.4.0; }",
        )
        .unwrap();
    let world = resolve.select_world(&[package], Some("t")).unwrap();
    let mut module = wat::parse_str(
        r#"(module (func (export "x:math/numbers@1.4.0#value") (result i32) (i32.const 1)))"#,
    )
    .unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let newer = ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .encode()
        .unwrap();
    let files = Files::new(&[("importer.wasm", importer()), ("newer.wasm", newer)]);
    let component = files.component(vec![files.dependency("x:math/numbers", "newer.wasm", &[])]);
    let (imports, _) = imports_and_exports(&compose(&component).unwrap());
    assert_eq!(imports, ["wasi:cli/exit@0.2.6"]);
}

#[test]
fn what_cannot_be_composed_is_named() {
    let unfit = build(
        "export x:math/more@1.2.0; export numbers: interface { value: func(x: u32) -> u32; }",
        r#"(func (export "x:math/more@1.2.0#value") (result i32) (i32.const 1))
           (func (export "numbers#value") (param i32) (result i32) (i32.const 1))"#,
    );
    let files = Files::new(&[
        ("importer.wasm", importer()),
        ("math.wasm", provider()),
        ("unfit.wasm", unfit),
        ("broken.wasm", b"\0asm".to_vec()),
    ]);
    let one = |dependency| error(&files.component(vec![dependency]));
    assert_eq!(
        one(files.dependency("x:other", "math.wasm", &[])),
        "cannot compose component `importer`: the dependency `x:other` matches none of its imports: `x:math/numbers@1.2.0`, `wasi:cli/exit@0.2.6`"
    );
    assert_eq!(
        one(files.dependency("x:math@2.0.0", "math.wasm", &[])),
        "cannot compose component `importer`: the dependency `x:math@2.0.0` matches none of its imports: `x:math/numbers@1.2.0`, `wasi:cli/exit@0.2.6`"
    );
    let mut unfit = files.dependency("x:math/numbers", "unfit.wasm", &[]);
    unfit.export = Some("numbers".to_owned());
    let shown = one(unfit);
    assert!(
        shown.contains("exports `numbers`, which does not fit the import `x:math/numbers@1.2.0`"),
        "{shown}"
    );
    let shown = one(files.dependency("x:math", "broken.wasm", &[]));
    assert!(shown.contains("the dependency `x:math`: "), "{shown}");
    let shown = one(files.dependency("x:math", "missing.wasm", &[]));
    assert!(shown.contains("cannot read"), "{shown}");
    let twice = vec![
        files.dependency("x:math", "math.wasm", &[]),
        files.dependency("x:math/numbers", "math.wasm", &[]),
    ];
    assert_eq!(
        error(&files.component(twice)),
        "cannot compose component `importer`: the dependencies `x:math` and `x:math/numbers` both provide `x:math/numbers@1.2.0`"
    );
}

#[test]
fn what_is_not_inherited_does_not_reach_the_host() {
    let files = Files::new(&[
        ("importer.wasm", importer()),
        ("curious.wasm", curious_provider()),
    ]);
    let imports = |inherit: InheritConfiguration| {
        let mut dependency = files.dependency("x:math", "curious.wasm", &[]);
        dependency.inherit_configuration = inherit;
        imports_and_exports(&compose(&files.component(vec![dependency])).unwrap()).0
    };
    let only = |fields: &[&str]| {
        InheritConfiguration::Only(fields.iter().map(|f| (*f).to_owned()).collect())
    };
    // Only the types of requests are left: they open nothing.
    assert_eq!(
        imports(only(&[])),
        ["wasi:cli/exit@0.2.6", "wasi:http/types@0.3.0"]
    );
    assert_eq!(
        imports(only(&["key_value_stores", "environment"])),
        [
            "spin:key-value/key-value@3.0.0",
            "wasi:cli/environment@0.2.6",
            "wasi:cli/exit@0.2.6",
            "wasi:http/types@0.3.0"
        ]
    );
    assert_eq!(
        imports(InheritConfiguration::All),
        [
            "spin:key-value/key-value@3.0.0",
            "wasi:cli/environment@0.2.6",
            "wasi:cli/exit@0.2.6",
            "wasi:http/client@0.3.0",
            "wasi:http/types@0.3.0",
            "wasi:sockets/ip-name-lookup@0.3.0",
            "wasi:sockets/types@0.3.0"
        ]
    );
}

#[tokio::test]
async fn a_composition_runs() {
    let files = Files::new(&[("importer.wasm", importer()), ("math.wasm", provider())]);
    let component = files.component(vec![files.dependency("x:math", "math.wasm", &[])]);
    assert_eq!(run(&compose(&component).unwrap()).await.unwrap(), 42);
}

#[tokio::test]
async fn without_inheritance_the_environment_is_empty() {
    let files = Files::new(&[
        ("importer.wasm", importer()),
        ("curious.wasm", curious_provider()),
    ]);
    let component = |inherited: &[&str]| {
        files.component(vec![files.dependency("x:math", "curious.wasm", inherited)])
    };
    assert_eq!(run(&compose(&component(&[])).unwrap()).await.unwrap(), 1);
    // Inherited, it is the host's, which has none in this test.
    let inherited = compose(&component(&["environment"])).unwrap();
    assert!(run(&inherited).await.is_err());
}

#[tokio::test]
async fn a_denied_call_traps_and_says_so() {
    let caller = build(
        "import wasi:sockets/types@0.3.0; export x:math/numbers@1.2.0;",
        r#"(import "wasi:sockets/types@0.3.0" "[static]tcp-socket.create" (func $create (param i32)))
           (func (export "x:math/numbers@1.2.0#value") (result i32)
             (call $create (i32.const 100))
             (i32.const 1))"#,
    );
    let files = Files::new(&[("importer.wasm", importer()), ("caller.wasm", caller)]);
    let component = files.component(vec![files.dependency("x:math", "caller.wasm", &[])]);
    let error = run(&compose(&component).unwrap()).await.unwrap_err();
    let shown = format!("{error:#}");
    assert!(
        shown.contains("denied: wasi:sockets/types@0.3.0.[static]tcp-socket.create"),
        "{shown}"
    );
}
