//! The demonstration's way to the server: plain HTTP with JSON bodies.

use super::failure::DemoFailure;
use core::time::Duration;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Longer than any honest answer takes.
const TIMEOUT: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// A client of one server.
pub(super) struct Client {
    agent: Agent,
    base: String,
}

/// What the server answered.
pub(super) struct Answer {
    what: String,
    status: u16,
    retry_after_seconds: Option<u64>,
    body: Value,
}

impl Client {
    pub(super) fn new(url: &str) -> Result<Self, DemoFailure> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            return Err(DemoFailure::Local(
                "the URL must start with http:// (this client speaks no TLS)".to_owned(),
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("epic-server-demo/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), base })
    }

    /// `GET path`, as the holder of `token` if there is one.
    pub(super) fn get(&self, path: &str, token: Option<&str>) -> Result<Answer, DemoFailure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        self.answer(format!("GET {path}"), request.call())
    }

    /// `POST path` with a JSON body.
    pub(super) fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Answer, DemoFailure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        self.answer(format!("POST {path}"), request.send_json(body))
    }

    fn answer(
        &self,
        what: String,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Answer, DemoFailure> {
        let unreachable = |error: ureq::Error| DemoFailure::Unreachable {
            url: self.base.clone(),
            reason: error.to_string(),
        };
        let mut response = response.map_err(unreachable)?;
        let retry_after_seconds = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .map_err(|error| DemoFailure::Answer(format!("{what}: the answer broke off ({error})")))?;
        Ok(Answer {
            what,
            status: response.status().as_u16(),
            retry_after_seconds,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        })
    }
}

impl Answer {
    /// This answer, if it has the status a correct server answers with.
    pub(super) fn expect(self, expected: u16) -> Result<Self, DemoFailure> {
        if self.status == expected {
            return Ok(self);
        }
        if self.status == 429 {
            return Err(DemoFailure::Limited {
                what: self.what,
                retry_after_seconds: self.retry_after_seconds,
            });
        }
        let told = |name| self.body.get(name).and_then(Value::as_str);
        let detail = told("detail").or_else(|| told("title")).unwrap_or("(nothing more)").to_owned();
        Err(DemoFailure::Status { what: self.what, expected, found: self.status, detail })
    }

    /// A text of the answer.
    pub(super) fn text(&self, name: &str) -> Result<&str, DemoFailure> {
        self.body.get(name).and_then(Value::as_str).ok_or_else(|| self.lacks(name))
    }

    /// Bytes of the answer.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, DemoFailure> {
        BASE64URL_NOPAD.decode(self.text(name)?.as_bytes()).map_err(|_| self.lacks(name))
    }

    /// A part of the answer.
    pub(super) fn part(&self, name: &str) -> Result<&Value, DemoFailure> {
        self.body.get(name).ok_or_else(|| self.lacks(name))
    }

    /// A whole number in a part of the answer.
    pub(super) fn number(&self, part: &Value, name: &str) -> Result<u32, DemoFailure> {
        part.get(name)
            .and_then(Value::as_u64)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> DemoFailure {
        DemoFailure::Answer(format!("{}: the answer holds no usable {name}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after_seconds: Option<u64>, body: &str) -> Answer {
        let body = serde_json::from_str(body).unwrap();
        Answer { what: "POST /x".to_owned(), status, retry_after_seconds, body }
    }

    #[test]
    fn a_limit_says_when_to_come_back() {
        let failure = answer(429, Some(90), "{}").expect(201).err().unwrap();
        assert!(failure.to_string().contains("in 1m 30s"), "{failure}");
    }

    #[test]
    fn another_status_is_told_with_the_servers_words() {
        let failure = answer(409, None, "{\"detail\":\"the name is taken\"}").expect(201).err().unwrap();
        assert!(failure.to_string().contains("409: the name is taken"), "{failure}");
        assert!(answer(201, None, "{}").expect(201).is_ok());
    }

    #[test]
    fn what_an_answer_lacks_is_named() {
        let answer = answer(200, None, "{\"a\":\"AQI\",\"b\":\"!\",\"kdf\":{\"n\":3}}");
        assert_eq!(answer.bytes("a").unwrap(), [1, 2]);
        assert_eq!(answer.number(answer.part("kdf").unwrap(), "n").unwrap(), 3);
        assert!(answer.bytes("b").unwrap_err().to_string().contains('b'));
        assert!(answer.text("c").unwrap_err().to_string().contains('c'));
    }

    #[test]
    fn only_plain_http_is_spoken() {
        assert!(Client::new("https://files.example.org").is_err());
        assert!(Client::new("http://127.0.0.1:8080/").is_ok());
    }
}
