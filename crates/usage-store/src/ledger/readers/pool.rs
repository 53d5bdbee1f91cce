//! A few connections, opened when they are needed, each lent to one user at a time.
//!
//! r2d2 opens and keeps them. It asks one time-out of everything, though: of waiting for a free
//! connection, and of the making of one on its own thread. Here only the time for which all
//! connections are in use counts as waiting, so nobody is called busy because a disk is slow; and
//! whoever needs a connection that cannot be opened learns at once why.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use super::Stop;

/// Makes connections, as an r2d2 manager does.
pub(crate) trait Manager: ManageConnection<Error: Send> {}

impl<M: ManageConnection<Error: Send>> Manager for M {}

/// Lends the connections that a manager makes.
pub(crate) struct Pool<M: Manager> {
    manager: Arc<M>,
    /// One that is there already, while nobody uses it: as long as it will do, r2d2 and its thread are not needed.
    first: Mutex<Option<M::Connection>>,
    more: OnceLock<More<M>>,
    /// The greatest number of them, at least one.
    max: u32,
    /// The time to wait while all of them are in use.
    patience: Duration,
    places: Mutex<Places>,
    /// A place became free, or a connection that was being opened is open.
    changed: Condvar,
}

/// Connections that r2d2 makes and keeps.
struct More<M: Manager> {
    /// Taken when it is dropped.
    connections: Option<r2d2::Pool<Connector<M>>>,
    /// The thread on which r2d2 makes them.
    maker: Arc<ScheduledThreadPool>,
}

#[derive(Default)]
struct Places {
    /// Connections that are lent or being opened, never more than there may be.
    taken: u32,
    /// The part of the taken ones that are still being opened.
    connecting: u32,
}

/// The reason why there is no connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoConnection<E> {
    /// All stayed in use.
    Busy,
    /// Nobody waits any more.
    Stopped,
    /// There was room for one more, and it could not be opened.
    Failed(E),
}

/// r2d2 gives no limit to its own patience; this is as good as none, and as far as it can count.
const NO_LIMIT: Duration = Duration::from_millis(i32::MAX as u64);

/// The interval at which whoever waits for a connection asks whether to stop.
const ASKING: Duration = Duration::from_millis(10);

/// The same while one is being opened. Each time r2d2 begins to make one more, as far as there may be more.
const ASKING_WHILE_CONNECTING: Duration = Duration::from_millis(100);

impl<M: Manager> Pool<M> {
    /// Lends at most `max` connections, of which one may be there already.
    pub(crate) fn new(
        max: u32,
        patience: Duration,
        manager: M,
        first: Option<M::Connection>,
    ) -> Self {
        let (manager, first) = (Arc::new(manager), Mutex::new(first));
        let (places, changed) = (Mutex::default(), Condvar::new());
        Self { manager, first, more: OnceLock::new(), max: max.max(1), patience, places, changed }
    }

    /// Runs work on a connection that nobody else uses meanwhile. Who is to stop waits no longer.
    pub(crate) fn with<T>(
        &self,
        stop: Option<&Stop>,
        work: impl FnOnce(&mut M::Connection) -> T,
    ) -> Result<T, NoConnection<M::Error>> {
        let mut place = self.place(stop)?;
        let first = lock(&self.first).take();
        if let Some(mut connection) = first {
            let done = work(&mut connection);
            *lock(&self.first) = Some(connection);
            return Ok(done);
        }
        let more = self.more.get_or_init(|| More::new(&self.manager, self.max));
        let connections = more.connections.as_ref().ok_or(NoConnection::Busy)?;
        // One that failed was for somebody who no longer waits: dropped, it is gone.
        let idle = std::iter::from_fn(|| connections.try_get()).find(|idle| idle.is_ok());
        let mut lent = match idle {
            Some(idle) => idle,
            None => {
                place.begin_connecting();
                connect_now(connections, stop)?
            }
        };
        place.stop_connecting();
        match &mut *lent {
            Ok(connection) => Ok(work(connection)),
            Err(error) => Err(error.take().map_or(NoConnection::Busy, NoConnection::Failed)),
        }
        // The connection goes back before the place does, so whoever gets the place finds it.
    }

    fn place(&self, stop: Option<&Stop>) -> Result<Place<'_, M>, NoConnection<M::Error>> {
        let mut places = lock(&self.places);
        let mut busy_since = None;
        // Whether to stop is polled, not notified.
        let at_most = if stop.is_some() { ASKING } else { Duration::MAX };
        while places.taken >= self.max {
            if stop.is_some_and(Stop::is_over) {
                return Err(NoConnection::Stopped);
            }
            if places.connecting > 0 {
                busy_since = None;
                let woken = self.changed.wait_timeout(places, at_most);
                (places, _) = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = busy_since.get_or_insert_with(Instant::now).elapsed();
            let Some(left) = self.patience.checked_sub(waited).filter(|left| !left.is_zero())
            else {
                return Err(NoConnection::Busy);
            };
            let woken = self.changed.wait_timeout(places, left.min(at_most));
            (places, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        places.taken += 1;
        Ok(Place { pool: self, is_connecting: false })
    }

    /// Returns the number of connections that were opened, and of those that are idle.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (u32, u32) {
        let Some(more) = self.more.get() else { return (0, 0) };
        let state = more.connections.as_ref().unwrap().state();
        (state.connections, state.idle_connections)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Manager> More<M> {
    fn new(manager: &Arc<M>, max: u32) -> Self {
        let maker = ScheduledThreadPool::builder()
            .num_threads(1)
            .thread_name_pattern("usage-reader-{}")
            .build();
        let maker = Arc::new(maker);
        let connections = r2d2::Pool::builder()
            .max_size(max)
            .min_idle(Some(0))
            .connection_timeout(NO_LIMIT)
            // A connection to a file does not go bad by waiting.
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .thread_pool(Arc::clone(&maker))
            .build_unchecked(Connector(Arc::clone(manager)));
        Self { connections: Some(connections), maker }
    }
}

/// Waits for a connection that is being opened. Who is to stop waits no longer: it is kept for the next.
fn connect_now<M: Manager>(
    connections: &r2d2::Pool<Connector<M>>,
    stop: Option<&Stop>,
) -> Result<r2d2::PooledConnection<Connector<M>>, NoConnection<M::Error>> {
    let Some(stop) = stop else { return connections.get().map_err(|_| NoConnection::Busy) };
    loop {
        if let Ok(connected) = connections.get_timeout(ASKING_WHILE_CONNECTING) {
            return Ok(connected);
        }
        if stop.is_over() {
            return Err(NoConnection::Stopped);
        }
    }
}

/// Closes the connections before the last user of a file is gone: whoever opens or copies it next
/// finds it complete, without companions.
impl<M: Manager> Drop for More<M> {
    fn drop(&mut self) {
        self.connections = None;
        // Just after it has opened a connection, the thread still holds the pool for a moment. Jobs are
        // done one after the other.
        let (done, is_done) = mpsc::channel::<()>();
        self.maker.execute(move || drop(done));
        let _ = is_done.recv();
    }
}

impl<M: Manager> fmt::Debug for Pool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("max", &self.max).finish_non_exhaustive()
    }
}

/// The right to one connection, until it is dropped.
struct Place<'a, M: Manager> {
    pool: &'a Pool<M>,
    is_connecting: bool,
}

impl<M: Manager> Place<'_, M> {
    fn begin_connecting(&mut self) {
        self.is_connecting = true;
        lock(&self.pool.places).connecting += 1;
    }

    fn stop_connecting(&mut self) {
        if std::mem::take(&mut self.is_connecting) {
            lock(&self.pool.places).connecting -= 1;
            // Whoever waits for a connection counts the time from now on.
            self.pool.changed.notify_all();
        }
    }
}

impl<M: Manager> Drop for Place<'_, M> {
    fn drop(&mut self) {
        self.stop_connecting();
        lock(&self.pool.places).taken -= 1;
        self.pool.changed.notify_one();
    }
}

/// Connects as a manager does, or answers its error: r2d2 would try a failed one again until its
/// time-out, and keep the error to itself.
struct Connector<M: Manager>(Arc<M>);

impl<M: Manager> ManageConnection for Connector<M> {
    /// The error is taken by the first user who sees it.
    type Connection = Result<M::Connection, Option<M::Error>>;
    type Error = M::Error;

    fn connect(&self) -> Result<Self::Connection, M::Error> {
        Ok(self.0.connect().map_err(Some))
    }

    fn is_valid(&self, _: &mut Self::Connection) -> Result<(), M::Error> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        connection.is_err()
    }
}

#[cfg(test)]
mod tests;
