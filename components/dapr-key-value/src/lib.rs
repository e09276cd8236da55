//! A key-value store in Dapr's state API: `spin:key-value` for the components it is composed into.
//!
//! | variable | is |
//! |---|---|
//! | `dapr_url` | the sidecar's address, `http://127.0.0.1:3500` |
//! | `dapr_api_token` | Dapr's API token; absent or empty where it wants none |
//! | `state_store` | the name of the state store, which must know transactions and ETags |
//! | `state_ttl_seconds` | how long a value is kept after it was written; absent or empty: for good |

mod index;
mod state;
mod store;

use spin_sdk::wit_bindgen::{FutureReader, StreamReader};

use crate::bindings::exports::spin::key_value::key_value;
use crate::bindings::exports::spin::key_value::key_value::{Error, Guest, GuestStore};
use crate::store::Store;

macro_rules! bindings {
    ($path:tt) => {
        /// The generated exports hold the ABI's unsafe code.
        #[allow(missing_docs, unsafe_code)]
        mod bindings {
            use super::DaprKeyValue;

            spin_sdk::wit_bindgen::generate!({
                path: $path,
                inline: "
                    package todo:dapr-key-value;
                    world provider { export spin:key-value/key-value@3.0.0; }
                ",
                world: "todo:dapr-key-value/provider",
                runtime_path: "::spin_sdk::wit_bindgen::rt",
                generate_all,
            });

            export!(DaprKeyValue with_types_in self);
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

struct DaprKeyValue;

impl Guest for DaprKeyValue {
    type Store = Store;
}

impl GuestStore for Store {
    async fn open(label: String) -> Result<key_value::Store, Error> {
        let store = Store::of(label).await.map_err(Error::Other)?;
        Ok(key_value::Store::new(store))
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.value(&key).await.map_err(Error::Other)
    }

    async fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.put(&key, &value).await.map_err(Error::Other)
    }

    async fn delete(&self, key: String) -> Result<(), Error> {
        self.remove(&key).await.map_err(Error::Other)
    }

    async fn exists(&self, key: String) -> Result<bool, Error> {
        let value = self.value(&key).await.map_err(Error::Other)?;
        Ok(value.is_some())
    }

    async fn get_keys(&self) -> (StreamReader<String>, FutureReader<Result<(), Error>>) {
        let (mut keys, reader) = bindings::wit_stream::new();
        let (end, result) =
            bindings::wit_future::new(|| Err(Error::Other("interrupted".to_owned())));
        let store = self.clone();
        spin_sdk::wasip3::spawn(async move {
            let mut outcome = Ok(());
            for documents in store::batches() {
                match store.listed(&documents).await {
                    // Those that are left over are wanted by nobody any more.
                    Ok(found) => {
                        if !keys.write_all(found).await.is_empty() {
                            break;
                        }
                    }
                    Err(reason) => {
                        outcome = Err(Error::Other(reason));
                        break;
                    }
                }
            }
            drop(keys);
            // Whether the reader is still there to learn it is its own affair.
            let _ = end.write(outcome).await;
        });
        (reader, result)
    }
}
