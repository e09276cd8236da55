//! The host side of Spin's interfaces, generated from the WIT that `spin-sdk` publishes.

macro_rules! spin_bindings {
    ($($path:tt)*) => {
        wasmtime::component::bindgen!({
            inline: "
                package todo:host;
                world capabilities {
                    import spin:key-value/key-value@3.0.0;
                    import spin:postgres/postgres@4.2.0;
                    import spin:sqlite/sqlite@3.1.0;
                    import spin:variables/variables@3.0.0;
                }
            ",
            path: [$($path),*],
            world: "todo:host/capabilities",
            imports: { default: async | trappable },
            with: {
                "spin:key-value/key-value.store": crate::capabilities::key_value::Store,
                "spin:postgres/postgres.connection": crate::capabilities::postgres::Connection,
                "spin:postgres/postgres.connection-builder": crate::capabilities::postgres::ConnectionBuilder,
                "spin:sqlite/sqlite.connection": crate::capabilities::sqlite::Connection,
            },
        });
    };
}

include!(concat!(env!("OUT_DIR"), "/spin_wit.rs"));

pub use spin::key_value::key_value;
pub use spin::postgres::postgres;
pub use spin::sqlite::sqlite;
pub use spin::variables::variables;

/// What triggers call: the types, from our WIT. The functions are called by `engine::Function`.
mod exported {
    wasmtime::component::bindgen!({
        inline: "
            package todo:host;
            world triggered {
                import todo:events/types@1.0.0;
                import spin:cron/cron-types@3.0.0;
                export todo:events/consumer@1.0.0;
            }
        ",
        path: ["../wit/events", "../wit/cron"],
        world: "todo:host/triggered",
        exports: { default: async },
    });
}

/// Components that take events.
pub mod consumer {
    pub use super::exported::exports::todo::events::consumer::Outcome;
    pub use super::exported::todo::events::types::Event;

    /// Where the function is that takes `(list<event>)` and gives `(list<outcome>)`.
    pub const CONSUME: [&str; 2] = ["todo:events/consumer@1.0.0", "consume"];
}

/// Components that run by the clock.
pub mod cron {
    pub use super::exported::spin::cron::cron_types::{Error, Metadata};

    /// The function that takes `(metadata)` and gives `(result<_, error>)`. It has this name in every
    /// version of Spin's cron world.
    pub const HANDLE_CRON_EVENT: [&str; 1] = ["handle-cron-event"];
}
