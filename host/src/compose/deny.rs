//! Generates a component that stands in for what a dependency must not reach.
//!
//! Every interface of the host that gives access to a component's configured resources (Spin's list, by
//! name, in any version) is replaced unless it is inherited. Environment variables, arguments and
//! folders are simply none; a call of anything else traps, so that it cannot go unnoticed.

use anyhow::{Context, Result, bail};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemorySection,
    MemoryType, Module, NameMap, NameSection, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::abi::WasmType;
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WorldId, WorldItem,
};

use crate::app::InheritConfiguration;

/// Interfaces by the field of a component that configures them; a name that ends in `/` stands for a
/// whole package.
const CONFIGURED: &[(&str, &[&str])] = &[
    ("ai_models", &["fermyon:spin/llm", "spin:llm/"]),
    (
        "allowed_outbound_hosts",
        &[
            "fermyon:spin/http",
            "fermyon:spin/mqtt",
            "fermyon:spin/mysql",
            "fermyon:spin/postgres",
            "fermyon:spin/redis",
            "spin:mqtt/",
            "spin:mysql/",
            "spin:postgres/",
            "spin:redis/",
            "wasi:http/client",
            "wasi:http/handler",
            "wasi:http/outgoing-handler",
            "wasi:sockets/ip-name-lookup",
            "wasi:sockets/tcp",
            "wasi:sockets/tcp-create-socket",
            "wasi:sockets/types",
            "wasi:sockets/udp",
            "wasi:sockets/udp-create-socket",
        ],
    ),
    ("environment", &["wasi:cli/environment"]),
    ("files", &["wasi:filesystem/preopens"]),
    (
        "key_value_stores",
        &[
            "fermyon:spin/key-value",
            "spin:key-value/",
            "wasi:keyvalue/",
        ],
    ),
    ("sqlite_databases", &["fermyon:spin/sqlite", "spin:sqlite/"]),
    (
        "variables",
        &[
            "fermyon:spin/config",
            "fermyon:spin/variables",
            "spin:variables/",
            "wasi:config/",
        ],
    ),
];

/// Interfaces that are empty instead of refusing calls: Rust's standard library asks them for what a
/// program may never need.
const EMPTY: &[&str] = &["wasi:cli/environment", "wasi:filesystem/preopens"];

/// A generated component.
pub struct Denying {
    /// Its binary.
    pub bytes: Vec<u8>,
    /// The interfaces that it exports: exactly those that are denied.
    pub interfaces: Vec<String>,
}

/// What stands in for the interfaces that the component `bytes` imports and does not inherit, if there
/// are any.
///
/// # Errors
/// `bytes` is not a component.
pub fn component(bytes: &[u8], inherited: &InheritConfiguration) -> Result<Option<Denying>> {
    let (mut resolve, world) = match wit_component::decode(bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        Ok(DecodedWasm::WitPackage(..)) => bail!("it is a WIT package, not a component"),
        Err(error) => return Err(error).context("it is not a component"),
    };
    let interfaces: Vec<String> = resolve.worlds[world]
        .imports
        .iter()
        .filter(|(_, item)| matches!(item, WorldItem::Interface { .. }))
        .map(|(key, _)| resolve.name_world_key(key))
        .filter(|name| is_denied(name, inherited))
        .collect();
    if interfaces.is_empty() {
        return Ok(None);
    }
    let exports: String = interfaces
        .iter()
        .map(|name| format!("export {name};\n"))
        .collect();
    let package = resolve.push_str(
        "deny.wit",
        &format!("package todo:deny;\nworld deny {{\n{exports}}}"),
    )?;
    let world = resolve.select_world(&[package], Some("deny"))?;
    let mut module = module(&resolve, world);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let bytes = ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()?;
    Ok(Some(Denying { bytes, interfaces }))
}

fn is_denied(interface: &str, inherited: &InheritConfiguration) -> bool {
    let InheritConfiguration::Only(inherited) = inherited else {
        return false;
    };
    CONFIGURED.iter().any(|(field, interfaces)| {
        !inherited.contains(*field) && interfaces.iter().any(|name| is_named(interface, name))
    })
}

/// Whether an interface, without its version, has this name or is of this package.
fn is_named(interface: &str, name: &str) -> bool {
    let unversioned = interface.split('@').next().unwrap_or(interface);
    unversioned == name || (name.ends_with('/') && unversioned.starts_with(name))
}

/// A core module that implements what `world` exports.
fn module(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let mut builder = Builder::default();
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let interface = resolve.name_world_key(key);
        let is_empty = EMPTY.iter().any(|name| is_named(&interface, name));
        for function in resolve.interfaces[*id].functions.values() {
            let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
            let signature = resolve.wasm_signature(abi.export_variant(), function);
            let name = resolve.wasm_export_name(
                abi,
                WasmExport::Func {
                    interface: Some(key),
                    func: function,
                    kind: WasmExportKind::Normal,
                },
            );
            let returns_pointer = signature.params.is_empty() && signature.retptr;
            let body = if is_empty && returns_pointer {
                // The start of the memory, which is all zero there: an empty list, or none.
                Instruction::I32Const(0)
            } else {
                Instruction::Unreachable
            };
            builder.function(
                &name,
                format!("denied: {interface}.{}", function.name),
                (
                    core_types(&signature.params),
                    core_types(&signature.results),
                ),
                &body,
            );
        }
    }
    builder.function(
        "cabi_realloc",
        "denied: arguments".to_owned(),
        (vec![ValType::I32; 4], vec![ValType::I32]),
        &Instruction::Unreachable,
    );
    builder.finish()
}

fn core_types(types: &[WasmType]) -> Vec<ValType> {
    types
        .iter()
        .map(|ty| match ty {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
            WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
            WasmType::F32 => ValType::F32,
            WasmType::F64 => ValType::F64,
        })
        .collect()
}

/// Puts a core module of exported functions together.
#[derive(Default)]
struct Builder {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    names: NameMap,
}

impl Builder {
    fn function(
        &mut self,
        export: &str,
        name: String,
        (params, results): (Vec<ValType>, Vec<ValType>),
        body: &Instruction,
    ) {
        let index = self.functions.len();
        self.types.ty().function(params, results);
        self.functions.function(index);
        self.exports.export(export, ExportKind::Func, index);
        let mut code = Function::new([]);
        code.instruction(body).instruction(&Instruction::End);
        self.code.function(&code);
        // A trap's backtrace shows it.
        self.names.append(index, &name);
    }

    fn finish(mut self) -> Vec<u8> {
        let mut memory = MemorySection::new();
        memory.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export("memory", ExportKind::Memory, 0);
        let mut names = NameSection::new();
        names.functions(&self.names);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.functions)
            .section(&memory)
            .section(&self.exports)
            .section(&self.code)
            .section(&names);
        module.finish()
    }
}
