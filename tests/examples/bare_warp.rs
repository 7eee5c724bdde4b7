//! A bare warp server for comparison: one route, one constant reply, warp's own loop.

use std::net::SocketAddr;
use warp::Filter;

#[tokio::main]
async fn main() {
    let hello = warp::path!("hello").map(|| "hello");
    let address: SocketAddr = ([127, 0, 0, 1], 18_080).into();
    warp::serve(hello).run(address).await;
}
