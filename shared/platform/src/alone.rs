//! Work that keeps its instance busy, such as a password hash: an instance does one thing at a time, nothing interrupts it,
//! and whoever shares it waits.

use spin_sdk::wit_bindgen::{backpressure_dec, backpressure_inc};

/// While it lives the host gives this instance no further request, and takes another one for them.
///
/// It counts from the first moment of a request, before anything is awaited: an instance that has once offered to take
/// more is woken for what comes next (wasmtime-wasi-http 48, `Queue`), and whoever it is woken for waits until it is done.
#[derive(Debug)]
pub struct Alone(());

impl Alone {
    /// From now on.
    #[must_use]
    pub fn begin() -> Self {
        backpressure_inc();
        Self(())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        backpressure_dec();
    }
}
