//! A thread that asks the engine, so that keys are obeyed while an answer takes its time.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::query::{Cancel, Limits, Seen};
use usage_core::{Engine, Error, Period};

use super::{Answer, Question};
use crate::options::Now;

/// A question on its way.
struct Request {
    number: u64,
    question: Question,
    /// Only if the engine has changed since the last answer to such a question.
    if_changed: bool,
    cancel: Cancel,
}

/// What came of a question.
pub(crate) struct Reply {
    pub(crate) number: u64,
    /// `None` where nothing has changed since the answer before.
    pub(crate) result: Result<Option<Answer>, Error>,
    /// How long that took.
    pub(crate) took: Duration,
}

/// The thread that asks. It ends when this is dropped, once the question that it is at is answered or called off.
pub(crate) struct Asker {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    under_way: Option<(u64, Cancel)>,
    count: u64,
}

impl Asker {
    pub(crate) fn start(engine: Arc<dyn Engine>, now: Now) -> io::Result<Self> {
        let (requests, received) = mpsc::channel();
        let (answers, replies) = mpsc::channel();
        let work = move || serve(&*engine, &now, &received, &answers);
        thread::Builder::new().name("usage-top".to_owned()).spawn(work)?;
        Ok(Self { requests, replies, under_way: None, count: 0 })
    }

    /// Asks, and calls off what was asked before.
    pub(crate) fn ask(&mut self, question: Question, if_changed: bool) {
        if let Some((_, before)) = self.under_way.take() {
            before.cancel();
        }
        self.count += 1;
        let (number, cancel) = (self.count, Cancel::default());
        self.under_way = Some((number, cancel.clone()));
        // Where the thread is gone, the next look at its replies says so.
        let _ = self.requests.send(Request { number, question, if_changed, cancel });
    }

    pub(crate) const fn is_waiting(&self) -> bool {
        self.under_way.is_some()
    }

    /// Returns the reply to the last question, once it is there.
    ///
    /// # Errors
    /// When the thread is gone, which takes a panic in it.
    pub(crate) fn reply(&mut self) -> Result<Option<Reply>, Gone> {
        loop {
            match self.replies.try_recv() {
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => return Err(Gone),
                Ok(reply) => {
                    if self.under_way.as_ref().is_some_and(|(number, _)| *number == reply.number) {
                        self.under_way = None;
                        return Ok(Some(reply));
                    }
                }
            }
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if let Some((_, cancel)) = &self.under_way {
            cancel.cancel();
        }
    }
}

/// The thread has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

/// Answers requests, always the last one, until nobody asks any more.
fn serve(engine: &dyn Engine, now: &Now, requests: &Receiver<Request>, answers: &Sender<Reply>) {
    let mut last: Option<(Question, Option<Period>, Seen)> = None;
    while let Ok(mut request) = requests.recv() {
        while let Ok(newer) = requests.try_recv() {
            request = newer;
        }
        let began = Instant::now();
        let now = now();
        let (period, question) = (request.question.period(now), &request.question);
        let is_known = request.if_changed
            && last.as_ref().is_some_and(|(of, at, _)| of.is_like(question) && *at == period);
        let limits = Limits::none().with_cancel(request.cancel.clone());
        let mut result = || -> Result<Option<Answer>, Error> {
            if let Some((_, _, seen)) = last.as_ref().filter(|_| is_known)
                && !engine.changed(seen)?
            {
                return Ok(None);
            }
            // Before the answer: what comes while it is given is asked for again.
            let seen = engine.seen()?;
            let answer = question.ask(engine, now, &limits)?;
            last = Some((question.clone(), period.clone(), seen));
            Ok(Some(answer))
        };
        let result = result();
        let reply = Reply { number: request.number, result, took: began.elapsed() };
        if answers.send(reply).is_err() {
            return;
        }
    }
}
