//! Where a merchant of WeChat Pay's is notified.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// An address of the merchant's.
pub struct Shop {
    pub url: String,
    received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

type Shared = (Arc<Mutex<Vec<(HeaderMap, Bytes)>>>, &'static [u16], Duration);

impl Shop {
    /// Answers with these statuses one after another, then always with the last.
    pub async fn answering(statuses: &'static [u16]) -> Self {
        Self::slow(statuses, Duration::ZERO).await
    }

    /// So late.
    pub async fn slow(statuses: &'static [u16], delay: Duration) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let state: Shared = (received.clone(), statuses, delay);
        let routes = Router::new().fallback(receive).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, received }
    }

    pub fn received(&self) -> Vec<(HeaderMap, Bytes)> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many have arrived, at most ten seconds.
    pub async fn arrived(&self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        for _ in 0..500 {
            if self.received().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let received = self.received();
        assert!(received.len() >= count, "{} of {count} arrived", received.len());
        received
    }
}

async fn receive(
    State((received, statuses, delay)): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let place = {
        let mut received = received.lock().unwrap();
        received.push((headers, body));
        received.len() - 1
    };
    tokio::time::sleep(delay).await;
    StatusCode::from_u16(*statuses.get(place).or(statuses.last()).unwrap()).unwrap()
}
