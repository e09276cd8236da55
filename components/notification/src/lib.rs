//! The notification service: tells people what is due, through the channels that they prefer.
//!
//! A thin shell: [`triggers`] is what the events' and the cron trigger call, [`routes`] what people ask over HTTP,
//! [`peers`] what it reaches; the thinking is in `crates/notifications`. The channels are components that the
//! manifest composes in, one for each of the imports `email`, `sms`, `push` and `in-app`.

mod database;
mod peers;
mod people;
mod routes;
mod triggers;

use axum::body::Body;
use axum::response::Response;
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// The generated imports and exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use crate::triggers::Triggers;

    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/events", "../../wit/notify", "../../wit/cron"],
        inline: "
            package todo:notification;

            world service {
                include todo:cron/scheduled@1.0.0;
                import todo:events/producer@1.0.0;
                export todo:events/consumer@1.0.0;

                import email: interface {
                    use todo:notify/types@1.0.0.{notification, receipt, delivery-error, capabilities};
                    describe: async func() -> result<capabilities, string>;
                    deliver: async func(notification: notification) -> result<receipt, delivery-error>;
                }
                import sms: interface {
                    use todo:notify/types@1.0.0.{notification, receipt, delivery-error, capabilities};
                    describe: async func() -> result<capabilities, string>;
                    deliver: async func(notification: notification) -> result<receipt, delivery-error>;
                }
                import push: interface {
                    use todo:notify/types@1.0.0.{notification, receipt, delivery-error, capabilities};
                    describe: async func() -> result<capabilities, string>;
                    deliver: async func(notification: notification) -> result<receipt, delivery-error>;
                }
                import in-app: interface {
                    use todo:notify/types@1.0.0.{notification, receipt, delivery-error, capabilities};
                    describe: async func() -> result<capabilities, string>;
                    deliver: async func(notification: notification) -> result<receipt, delivery-error>;
                }
            }
        ",
        world: "todo:notification/service",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(Triggers with_types_in self);
}

#[http_service]
async fn handle(request: Request) -> Response {
    api::init_logging();
    api::respond(request.map(Body::new), routes::router).await
}
