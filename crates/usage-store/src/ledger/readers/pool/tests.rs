use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;

use super::*;

/// Shorter than anything takes.
const NO_TIME: Duration = Duration::from_nanos(1);

/// Makes numbers from 1 on.
struct Numbers<F> {
    next: AtomicUsize,
    before: F,
}

impl<F: Fn(usize) -> io::Result<()> + Send + Sync + 'static> ManageConnection for Numbers<F> {
    type Connection = usize;
    type Error = io::Error;

    fn connect(&self) -> io::Result<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        (self.before)(number)?;
        Ok(number)
    }

    fn is_valid(&self, _: &mut usize) -> io::Result<()> {
        Ok(())
    }

    fn has_broken(&self, _: &mut usize) -> bool {
        false
    }
}

/// A pool of numbers, with something to do before each is opened.
fn pool<F>(max: u32, patience: Duration, before: F) -> Pool<Numbers<F>>
where
    F: Fn(usize) -> io::Result<()> + Send + Sync + 'static,
{
    Pool::new(max, patience, Numbers { next: AtomicUsize::new(0), before }, None)
}

#[test]
fn connections_are_made_when_they_are_needed_and_kept() {
    let pool = pool(3, NO_TIME, |_| Ok(()));
    assert_eq!(pool.counts(), (0, 0));
    assert_eq!(pool.with(None, |first| *first).unwrap(), 1);
    assert_eq!(pool.with(None, |first| *first).unwrap(), 1);
    assert_eq!(pool.with(None, |_| pool.with(None, |second| *second).unwrap()).unwrap(), 2);
    assert_eq!(pool.counts(), (2, 2));
}

/// Without r2d2 and its thread, and among those that there may be.
#[test]
fn one_that_is_there_is_lent_first() {
    let pool =
        Pool::new(2, NO_TIME, Numbers { next: AtomicUsize::new(0), before: |_| Ok(()) }, Some(77));
    for _ in 0..2 {
        assert_eq!(pool.with(None, |first| *first).unwrap(), 77);
    }
    assert!(pool.more.get().is_none());
    let nested = pool.with(None, |_| {
        pool.with(None, |second| (*second, pool.with(None, |third| *third).is_err())).unwrap()
    });
    assert_eq!(nested.unwrap(), (1, true));
    assert_eq!(pool.with(None, |first| *first).unwrap(), 77);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.with(None, |_| -> () { panic!("on purpose") })
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.with(None, |one| *one).unwrap(), 1);
}

#[test]
fn busy_means_that_all_are_in_use_for_as_long_as_that() {
    let two = pool(2, Duration::from_millis(5), |_| Ok(()));
    let start = Instant::now();
    let third =
        two.with(None, |_| two.with(None, |_| two.with(None, |third| *third)).unwrap()).unwrap();
    assert!(matches!(third, Err(NoConnection::Busy)), "{third:?}");
    assert!(start.elapsed() >= Duration::from_millis(5));
    assert_eq!(two.counts(), (2, 2));
    // None at all is one.
    assert_eq!(pool(0, NO_TIME, |_| Ok(())).with(None, |only| *only).unwrap(), 1);
}

/// Says when the making of a connection has begun, and takes its time over it.
fn slowly(begun: &Arc<Barrier>) -> impl Fn(usize) -> io::Result<()> + Send + Sync + 'static {
    let begun = Arc::clone(begun);
    move |_| {
        begun.wait();
        // sleep: the other one must wait for a while; it gives no sign of that.
        thread::sleep(Duration::from_millis(50));
        Ok(())
    }
}

/// However long it takes, and though nobody has any patience.
#[test]
fn a_connection_that_is_connecting_is_not_busy() {
    let (begun, stop_connecting) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));
    let slowly = slowly(&begun);
    let one = pool(1, NO_TIME, {
        let stop_connecting = Arc::clone(&stop_connecting);
        move |number| slowly(number).map(|()| stop_connecting.store(true, Ordering::SeqCst))
    });
    thread::scope(|scope| {
        let maker = scope.spawn(|| one.with(None, |one| *one).unwrap());
        begun.wait();
        // The first one gives it back at once; in between it may be in use.
        let other = one.with(None, |one| *one);
        assert!(stop_connecting.load(Ordering::SeqCst), "{other:?}");
        assert_eq!(maker.join().unwrap(), 1);
    });
    assert_eq!(one.counts(), (1, 1));
}

/// However long that takes; and what was opened, or why it was not, is for nobody else.
#[test]
fn who_is_to_stop_does_not_wait_for_one_that_is_connecting() {
    let (go_on, outcome) = mpsc::channel::<io::Result<()>>();
    let outcome = Mutex::new(outcome);
    let one = pool(1, NO_TIME, move |_| outcome.lock().unwrap().recv().unwrap());
    let stop = Stop::when(|| true);
    assert!(matches!(one.with(Some(&stop), |one| *one), Err(NoConnection::Stopped)));
    go_on.send(Err(io::Error::other("no"))).unwrap();
    go_on.send(Ok(())).unwrap();
    // The error may come to be known only while this one waits already.
    let told = one.with(None, |one| *one);
    assert!(matches!(told, Ok(2) | Err(NoConnection::Failed(_))), "{told:?}");
    assert_eq!(one.with(None, |one| *one).unwrap(), 2);
    assert_eq!(one.counts(), (1, 1));
}

/// Not only those who come after it was opened.
#[test]
fn who_waited_while_one_was_made_is_told_that_it_is_in_use() {
    let begun = Arc::new(Barrier::new(2));
    let one = pool(1, NO_TIME, slowly(&begun));
    let (keep, kept) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let one = &one;
        scope.spawn(move || one.with(None, |_| kept.recv()));
        begun.wait();
        // Else neither would ever come to an end.
        assert!(matches!(one.with(None, |one| *one), Err(NoConnection::Busy)));
        drop(keep);
    });
}

/// However patient it is, in either way of waiting.
#[test]
fn who_is_to_stop_waits_no_longer() {
    let one = pool(1, Duration::MAX, |_| Ok(()));
    let inner = one.with(None, |_| {
        let asked = AtomicUsize::new(0);
        let stop = Stop::when(move || asked.fetch_add(1, Ordering::Relaxed) == 3);
        one.with(Some(&stop), |one| *one)
    });
    assert!(matches!(inner.unwrap(), Err(NoConnection::Stopped)));
    assert_eq!(one.with(Some(&Stop::when(|| true)), |one| *one).unwrap(), 1);
}

#[test]
fn what_cannot_be_made_is_told_at_once_and_leaves_room() {
    let pool = pool(1, NO_TIME, |number| match number {
        1 => Err(io::Error::other("on purpose")),
        _ => Ok(()),
    });
    match pool.with(None, |one| *one) {
        Err(NoConnection::Failed(error)) => assert_eq!(error.to_string(), "on purpose"),
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.with(None, |one| *one).unwrap(), 2);
    assert_eq!(pool.counts(), (1, 1));
}

#[test]
fn a_panic_gives_the_connection_back() {
    let pool = pool(1, NO_TIME, |_| Ok(()));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.with(None, |_| -> () { panic!("on purpose") })
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.with(None, |one| *one).unwrap(), 1);
}

#[test]
fn one_that_becomes_free_is_taken_by_who_waits() {
    let pool = pool(2, Duration::MAX, |_| Ok(()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..200).for_each(|_| pool.with(None, |_| thread::yield_now()).unwrap());
            });
        }
    });
    let (connections, idle) = pool.counts();
    assert!(connections <= 2 && idle == connections, "{connections} {idle}");
}
