//! Reading bodies, in bounded memory and time.

use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{Limits, SMALL_BODY};

/// A body as it came, and the place that it takes among the large ones.
pub(crate) struct Incoming {
    bytes: Bytes,
    is_compressed: bool,
    place: Option<OwnedSemaphorePermit>,
}

/// Says why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    TooSlow,
    /// Too many large ones are being read.
    Busy,
    /// The client has gone away, or the chunks are wrong.
    Broken,
    /// It is encoded in a way that is not known.
    UnknownEncoding,
    /// It is no gzip.
    NotGzip,
}

/// Reads the whole of a body as it comes.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    places: &Arc<Semaphore>,
    limits: &Limits,
) -> Result<Incoming, Unread> {
    let is_compressed = match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => false,
        Some(name) if name.eq_ignore_ascii_case(b"gzip") => true,
        Some(name) if name.eq_ignore_ascii_case(b"x-gzip") => true,
        Some(_) => return Err(Unread::UnknownEncoding),
    };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > limits.body) {
        return Err(Unread::TooLarge);
    }
    let read = timeout(limits.body_time, frames(body, places, limits)).await;
    let (bytes, mut place) = read.map_err(|_| Unread::TooSlow)??;
    let mut incoming = Incoming { bytes, is_compressed, place: None };
    // A small one may become a large one.
    if place.is_none() && is_compressed && incoming.clone_plain(SMALL_BODY) == Err(Unread::TooLarge)
    {
        place = Some(place_for(places, limits).await?);
    }
    incoming.place = place;
    Ok(incoming)
}

async fn frames(
    mut body: Body,
    places: &Arc<Semaphore>,
    limits: &Limits,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Unread> {
    let (mut first, mut whole, mut place) = (Bytes::new(), BytesMut::new(), None);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        let length = first.len() + whole.len() + data.len();
        if length > limits.body {
            return Err(Unread::TooLarge);
        }
        if length > SMALL_BODY && place.is_none() {
            place = Some(place_for(places, limits).await?);
        }
        // Most bodies come in one piece, which is not copied.
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        whole.extend_from_slice(&std::mem::take(&mut first));
        whole.extend_from_slice(&data);
    }
    Ok((if whole.is_empty() { first } else { whole.freeze() }, place))
}

async fn place_for(
    places: &Arc<Semaphore>,
    limits: &Limits,
) -> Result<OwnedSemaphorePermit, Unread> {
    let place = timeout(limits.room_time, Arc::clone(places).acquire_owned()).await;
    place.map_err(|_| Unread::Busy)?.map_err(|_| Unread::Busy)
}

impl Incoming {
    /// Returns whether it is better read off the threads that serve others.
    pub(crate) const fn is_large(&self) -> bool {
        self.place.is_some()
    }

    /// Returns the uncompressed body, of at most so many bytes, and its place, to be kept while it is in use.
    pub(crate) fn plain(
        self,
        most: usize,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Unread> {
        Ok((self.clone_plain(most)?, self.place))
    }

    fn clone_plain(&self, most: usize) -> Result<Bytes, Unread> {
        if !self.is_compressed {
            return Ok(self.bytes.clone());
        }
        let mut plain = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut decoder = MultiGzDecoder::new(&*self.bytes).take(limit);
        decoder.read_to_end(&mut plain).map_err(|_| Unread::NotGzip)?;
        if plain.len() > most {
            return Err(Unread::TooLarge);
        }
        Ok(plain.into())
    }
}
