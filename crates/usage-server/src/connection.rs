//! Connections: accepted in bounded number, served, and ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::limits::Limits;

/// The bytes that the headers of a request may have.
const HEADERS: usize = 64 * 1024;
/// The wait after the system has had no room for a connection.
const NO_ROOM: Duration = Duration::from_millis(50);
/// The answer to one connection too many, before it has said anything.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n\
                      Content-Length: 0\r\n\r\n";

/// What it takes to serve connections.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    /// Places for connections.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Connections {
    /// Accepts connections until the server ends, and comes back when those are answered that have asked.
    pub(crate) async fn accept(mut self, listener: TcpListener) {
        let open = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stop.changed() => break,
            };
            match accepted {
                Ok((stream, _)) => self.serve(stream, &open),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // sleep: only the end of some other connection makes room.
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
        drop(listener);
        open.shutdown().await;
    }

    fn serve(&self, stream: TcpStream, open: &GracefulShutdown) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            // What does not fit is not waited for.
            let _ = stream.try_write(FULL);
            return;
        };
        // Small answers go at once.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.write_time));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.headers_time)
            .max_buf_size(HEADERS)
            .serve_connection(
                TokioIo::new(Box::pin(stream)),
                TowerToHyperService::new(self.router.clone()),
            );
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // Whoever breaks off needs no answer.
            let _ = connection.await;
        });
    }
}

/// Returns whether an address is of this machine alone.
pub(crate) const fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}
