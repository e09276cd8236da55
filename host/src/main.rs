//! `todo`: runs the application's WebAssembly components on one machine.

mod app;
mod assemble;
mod audit;
mod bindings;
mod broker;
mod build_command;
mod capabilities;
mod cli;
mod compose;
mod dapr;
mod dapr_secrets;
mod databases;
mod engine;
mod events;
mod gateway;
mod kafka;
mod locations;
mod logs;
mod manifest;
mod metrics;
mod outbound_hosts;
mod plugin;
mod runtime_config;
mod server;
mod trace;
mod triggers;
mod understand;
mod up;
mod variables;
mod write_deadline;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use cli::{BuildArgs, Cli, Command, ComposeArgs};
use manifest::{ManifestErrors, Purpose};
use plugin::Plugin;

/// Also of SQLite and librdkafka: requests allocate much, on every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = std::env::args_os().next();
    let result = match Plugin::named(program.as_deref()) {
        Some(plugin) => plugin.run(),
        None => run(Cli::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Mistakes in a file come with their own heading.
            if error.is::<ManifestErrors>() {
                eprintln!("{error}");
            } else {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Up(args) => {
            logs::start(cli.log_format);
            up::up(&args)
        }
        Command::Build(args) => build(&args),
        Command::Compose(args) => compose(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Migrate(args) => databases::migrate(&args),
        Command::Copy(args) => databases::copy(&args),
        Command::Events(args) => events::run(&args),
        Command::Understand(args) => understand::run(&args),
    }
}

fn build(args: &BuildArgs) -> anyhow::Result<()> {
    let app = manifest::load(&manifest::find(args.from.as_deref())?, Purpose::Build)?;
    build_command::build(&app, &args.component_ids, |component, command| {
        println!("Building component {}: {command}", component.id);
    })?;
    Ok(())
}

fn compose(args: &ComposeArgs) -> anyhow::Result<()> {
    let app = manifest::load(&manifest::find(args.from.as_deref())?, Purpose::Build)?;
    let component = (app.components.get(&args.component_id))
        .with_context(|| format!("the manifest has no component {}", args.component_id))?;
    let bytes = compose::compose(component)?;
    // Whoever reads the file meanwhile finds the old one or the new one.
    let unfinished = args.output.with_extension("unfinished");
    std::fs::write(&unfinished, bytes)
        .and_then(|()| std::fs::rename(&unfinished, &args.output))
        .with_context(|| format!("cannot write {}", args.output.display()))
}
