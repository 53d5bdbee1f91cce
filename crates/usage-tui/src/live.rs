//! The loop: keys, answers, frames. It sleeps until one of them is due.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind};
use usage_core::Engine;

use crate::app::{App, Effect, FLASH};
use crate::ask::{Asker, Gone, Question};
use crate::draw::draw;
use crate::options::Options;
use crate::screen::Screen;

/// An engine is not asked more often than that.
const TICK: Duration = Duration::from_millis(500);
/// Nor less often, whatever an answer takes.
const LONGEST: Duration = Duration::from_secs(60);
/// It rests so many times as long as the last answer took: so much of one processor the view takes at most.
const REST: u32 = 100;
/// Frames after keys are not drawn more often than that.
const FRAME: Duration = Duration::from_millis(100);
/// How soon an answer is noticed while one is waited for, and a signal at other times.
const SOON: Duration = Duration::from_millis(10);
const LATER: Duration = Duration::from_millis(250);

/// The reason why the view ended, other than that somebody ended it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopError {
    /// The terminal could not be taken over, written to or read from.
    #[error("cannot use the terminal")]
    Terminal(#[source] io::Error),
    /// The thread that asks the ledger has ended, after a fault that was told above.
    #[error("the ledger cannot be asked any more")]
    Gone,
}

/// Shows the view until somebody quits. Needs a terminal on standard output, and leaves it as it was.
///
/// # Errors
/// When the terminal cannot be used. What the engine cannot answer is shown, and asked again.
pub fn run(engine: Arc<dyn Engine>, options: Options) -> Result<(), TopError> {
    let asker = Asker::start(engine, Arc::clone(&options.now)).map_err(TopError::Terminal)?;
    let mut screen = Screen::open().map_err(TopError::Terminal)?;
    let mut live = Live::new(App::new(options), asker);
    let ended = live.run(&mut screen);
    drop(screen);
    ended
}

struct Live {
    app: App,
    asker: Asker,
    asked: Option<Question>,
    /// When the engine is asked again.
    next: Instant,
    /// True if what is on the screen is not what should be.
    is_stale: bool,
    drawn: Option<Instant>,
}

impl Live {
    fn new(app: App, asker: Asker) -> Self {
        Self { app, asker, asked: None, next: Instant::now(), is_stale: true, drawn: None }
    }

    fn run(&mut self, screen: &mut Screen) -> Result<(), TopError> {
        self.ask(false);
        loop {
            if self.app.options.stop.is_cancelled() {
                return Ok(());
            }
            self.take_reply().map_err(|Gone| TopError::Gone)?;
            let now = Instant::now();
            if self.app.flash.since.is_some_and(|since| now >= since + FLASH) {
                self.app.flash = Default::default();
                self.is_stale = true;
            }
            if !self.asker.is_waiting() && !self.app.is_paused && now >= self.next {
                self.ask(true);
            }
            let is_due = self.drawn.is_none_or(|at| now >= at + FRAME);
            if self.is_stale && is_due {
                self.draw(screen).map_err(TopError::Terminal)?;
            }
            if self.wait(screen).map_err(TopError::Terminal)? == Effect::Quit {
                return Ok(());
            }
        }
    }

    fn ask(&mut self, if_changed: bool) {
        let question = self.app.question();
        self.asked = Some(question.clone());
        self.asker.ask(question, if_changed);
    }

    fn take_reply(&mut self) -> Result<(), Gone> {
        let Some(reply) = self.asker.reply()? else { return Ok(()) };
        let rest = (reply.took * REST).clamp(TICK, LONGEST);
        self.next = Instant::now() + rest;
        let Some(question) = self.asked.clone() else { return Ok(()) };
        let result = match reply.result {
            Ok(None) => {
                self.is_stale |= self.app.trouble.take().is_some();
                return Ok(());
            }
            Ok(Some(answer)) => Ok(answer),
            Err(error) => Err(error),
        };
        self.app.rest = rest;
        self.app.take(question, result, ((self.app.options.now)(), Instant::now()));
        self.is_stale = true;
        Ok(())
    }

    fn draw(&mut self, screen: &mut Screen) -> io::Result<()> {
        let app = &mut self.app;
        screen.draw(|buffer| app.hits = draw(app, buffer))?;
        (self.is_stale, self.drawn) = (false, Some(Instant::now()));
        Ok(())
    }

    /// Waits until something is due, or somebody does something.
    fn wait(&mut self, screen: &mut Screen) -> io::Result<Effect> {
        let now = Instant::now();
        let until = |at: Instant| at.saturating_duration_since(now);
        let mut time = if self.asker.is_waiting() { SOON } else { LATER };
        if !self.asker.is_waiting() && !self.app.is_paused {
            time = time.min(until(self.next));
        }
        if let Some(since) = self.app.flash.since {
            time = time.min(until(since + FLASH));
        }
        if let (true, Some(drawn)) = (self.is_stale, self.drawn) {
            time = time.min(until(drawn + FRAME));
        }
        let mut has_come = event::poll(time)?;
        // All that has come is one frame.
        while has_come {
            let effect = match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => self.app.key(key),
                Event::Mouse(mouse) => self.app.mouse(mouse),
                Event::Resize(..) => Effect::Draw,
                _ => Effect::Nothing,
            };
            match effect {
                Effect::Nothing => {}
                Effect::Draw => self.is_stale = true,
                Effect::Ask => {
                    self.is_stale = true;
                    self.ask(false);
                }
                Effect::Redraw => {
                    screen.clear()?;
                    self.is_stale = true;
                }
                Effect::Suspend => {
                    screen.suspend()?;
                    self.is_stale = true;
                }
                Effect::Quit => return Ok(Effect::Quit),
            }
            has_come = event::poll(Duration::ZERO)?;
        }
        Ok(Effect::Nothing)
    }
}
