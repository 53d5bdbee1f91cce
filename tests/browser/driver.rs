//! A browser, led by the WebDriver protocol: JSON over HTTP, of which these tests need ten commands.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(180);

/// A browser with one tab. Dropping it ends it.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

/// A screen, and the colours that its owner prefers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) name: &'static str,
    size: (u32, u32),
    scheme: &'static str,
}

pub(crate) const SCREENS: [Screen; 4] = [
    Screen { name: "desktop-light", size: (1280, 900), scheme: "light" },
    Screen { name: "desktop-dark", size: (1280, 900), scheme: "dark" },
    Screen { name: "phone-light", size: (360, 780), scheme: "light" },
    Screen { name: "phone-dark", size: (360, 780), scheme: "dark" },
];

impl Browser {
    /// Starts one; `None`, said aloud, where there is none on this machine.
    pub(crate) fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = driver else {
            eprintln!("SKIPPED: there is no chromedriver, so the page is not tried in a browser");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take()?).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
        });
        // It goes on writing, and must not find the pipe closed.
        thread::spawn(move || lines.count());
        let mut browser = Self { driver, port: port.unwrap(), session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "unhandledPromptBehavior": "ignore",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        }}});
        let session = browser.send("POST", "/session", &capabilities);
        session["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        Some(browser)
    }

    /// Sends a command about the session, and returns the value of its answer.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(method, &format!("/session/{}{path}", self.session), body)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.exchange(method, path, body).unwrap();
        let mut answer: Value =
            serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{path}: {answer}"));
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    fn exchange(&self, method: &str, path: &str, body: &Value) -> io::Result<String> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        // The driver keeps the connection open, whatever it is told.
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            if answer.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Runs a script in the page, and returns what it returns.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Returns the value of an expression.
    pub(crate) fn get(&self, expression: &str) -> Value {
        self.run(&format!("return {expression}"), &json!([]))
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        let text =
            self.run("return document.querySelector(arguments[0])?.innerText", &json!([selector]));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.get(expression) != true {
            assert!(Instant::now() < until, "never true: {expression}\n{}", self.text("body"));
            // sleep: a poll with a deadline; the page gives no other sign.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Opens a page of a server, and waits until it is drawn.
    pub(crate) fn open(&self, address: &str) {
        self.command("POST", "/url", &json!({ "url": address }));
        self.drawn_after(0);
    }

    /// Returns how often the page has been drawn.
    pub(crate) fn drawn(&self) -> u64 {
        self.get("Number(document.documentElement.dataset.drawn ?? 0)").as_u64().unwrap()
    }

    /// Waits until it has been drawn more often, and is not about to be.
    pub(crate) fn drawn_after(&self, times: u64) {
        self.wait(&format!(
            "document.documentElement.dataset.drawn > {times} && !document.querySelector('main[aria-busy]')"
        ));
    }

    /// Presses keys, one after the other, as a person would.
    pub(crate) fn press(&self, keys: &str) {
        let key = |key: char| {
            [
                json!({ "type": "keyDown", "value": key.to_string() }),
                json!({ "type": "keyUp", "value": key.to_string() }),
            ]
        };
        let actions: Vec<_> = keys.chars().flat_map(key).collect();
        self.command(
            "POST",
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }),
        );
    }

    /// Becomes another screen.
    pub(crate) fn show_on(&self, screen: Screen) {
        let (width, height) = screen.size;
        let scheme = json!([{ "name": "prefers-color-scheme", "value": screen.scheme }]);
        self.developer("Emulation.setDeviceMetricsOverride", &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 }));
        self.developer("Emulation.setEmulatedMedia", &json!({ "features": scheme }));
    }

    fn developer(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Keeps a picture of the page where `USAGE_SCREENSHOTS` names a folder.
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = env::var_os("USAGE_SCREENSHOTS").map(PathBuf::from) else { return };
        let picture =
            self.developer("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        fs::create_dir_all(&folder).unwrap();
        // As base64, which every system can read: `base64 -d`.
        fs::write(folder.join(format!("{name}.png.base64")), picture["data"].as_str().unwrap())
            .unwrap();
    }

    /// Returns what the browser has complained about since the last time: violations of the policy are among it.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind.
        let _ = self.exchange("DELETE", &format!("/session/{}", self.session), &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
