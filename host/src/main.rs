//! `todo`: runs the application's WebAssembly components on one machine.

mod app;
mod bindings;
mod capabilities;
mod cli;
mod engine;
mod logs;
mod manifest;
mod outbound_hosts;
mod triggers;
mod up;
mod variables;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Up(args) => {
            logs::start(cli.log_format);
            up::up(&args)
        }
        Command::Build(_) | Command::Understand(_) => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
