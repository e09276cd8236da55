//! The host side of Spin's interfaces, generated from the WIT that `spin-sdk` publishes.

macro_rules! spin_bindings {
    ($($path:tt)*) => {
        wasmtime::component::bindgen!({
            inline: "
                package todo:host;
                world capabilities {
                    import spin:key-value/key-value@3.0.0;
                    import spin:sqlite/sqlite@3.1.0;
                    import spin:variables/variables@3.0.0;
                }
            ",
            path: [$($path),*],
            world: "todo:host/capabilities",
            imports: { default: async | trappable },
            with: {
                "spin:key-value/key-value.store": crate::capabilities::key_value::Store,
                "spin:sqlite/sqlite.connection": crate::capabilities::sqlite::Connection,
            },
        });
    };
}

include!(concat!(env!("OUT_DIR"), "/spin_wit.rs"));

pub use spin::key_value::key_value;
pub use spin::sqlite::sqlite;
pub use spin::variables::variables;
