//! The payment providers' interfaces.

use super::{Component, alipay_merchant, ccb_counter, random, wechat_pay_merchant};
use super::{WitFault, exports};
use crate::{alipay, ccb, wechat_pay};

impl exports::alipay_verify::Guest for Component {
    fn own_merchant() -> Result<exports::alipay_verify::Merchant, WitFault> {
        let own = alipay_merchant()?;
        Ok(exports::alipay_verify::Merchant { app_id: own.app_id.clone(), seller_id: own.seller_id.clone() })
    }

    fn notification(body: Vec<u8>) -> Result<Vec<(String, String)>, WitFault> {
        Ok(alipay::notification(alipay_merchant()?, &body)?)
    }

    fn answer(method: String, body: Vec<u8>) -> Result<String, WitFault> {
        Ok(alipay::answer(alipay_merchant()?, &method, &body)?)
    }
}

impl exports::alipay_request::Guest for Component {
    fn sign(method: String, parameters: Vec<(String, String)>, now_ms: u64) -> Result<String, WitFault> {
        Ok(alipay::sign(alipay_merchant()?, &method, &parameters, now_ms)?)
    }
}

fn signed_headers(headers: &exports::wechat_pay_verify::SignedHeaders) -> wechat_pay::SignedHeaders<'_> {
    wechat_pay::SignedHeaders {
        timestamp: &headers.timestamp,
        nonce: &headers.nonce,
        serial: &headers.serial,
        signature: &headers.signature,
        signature_type: headers.signature_type.as_deref(),
    }
}

fn own_merchant() -> Result<exports::wechat_pay::Merchant, WitFault> {
    let own = wechat_pay_merchant()?;
    Ok(exports::wechat_pay::Merchant { app_id: own.app_id.clone(), mch_id: own.mch_id.clone() })
}

impl exports::wechat_pay_verify::Guest for Component {
    fn own_merchant() -> Result<exports::wechat_pay::Merchant, WitFault> {
        own_merchant()
    }

    fn notification(
        headers: exports::wechat_pay_verify::SignedHeaders,
        body: Vec<u8>,
        certificates: Vec<String>,
        now_ms: u64,
    ) -> Result<exports::wechat_pay_verify::Opened, WitFault> {
        let headers = signed_headers(&headers);
        let opened = wechat_pay::notification(wechat_pay_merchant()?, headers, &body, &certificates, now_ms)?;
        Ok(exports::wechat_pay_verify::Opened {
            id: opened.id,
            event_type: opened.event_type,
            original_type: opened.original_type,
            resource: opened.resource,
        })
    }

    fn answer(
        headers: exports::wechat_pay_verify::SignedHeaders,
        body: Vec<u8>,
        certificates: Vec<String>,
        now_ms: u64,
    ) -> Result<(), WitFault> {
        let headers = signed_headers(&headers);
        Ok(wechat_pay::answer(wechat_pay_merchant()?, headers, &body, &certificates, now_ms)?)
    }
}

impl exports::wechat_pay_request::Guest for Component {
    fn own_merchant() -> Result<exports::wechat_pay::Merchant, WitFault> {
        own_merchant()
    }

    fn sign(
        method: String,
        target: String,
        body: String,
        now_ms: u64,
    ) -> Result<exports::wechat_pay_request::SignedCall, WitFault> {
        let call = wechat_pay::sign(wechat_pay_merchant()?, &method, &target, &body, random()?, now_ms)?;
        Ok(exports::wechat_pay_request::SignedCall { authorization: call.authorization, serial: call.serial })
    }

    fn call_up(prepay_id: String, now_ms: u64) -> Result<Vec<(String, String)>, WitFault> {
        Ok(wechat_pay::call_up(wechat_pay_merchant()?, &prepay_id, random()?, now_ms)?)
    }

    fn authorize_target(redirect_uri: String, state: String) -> Result<String, WitFault> {
        Ok(wechat_pay::authorize_target(wechat_pay_merchant()?, &redirect_uri, &state)?)
    }

    fn access_token_target(code: String) -> Result<String, WitFault> {
        Ok(wechat_pay::access_token_target(wechat_pay_merchant()?, &code)?)
    }
}

fn own_counter() -> Result<exports::ccb::Counter, WitFault> {
    let own = ccb_counter()?;
    Ok(exports::ccb::Counter {
        merchant_id: own.merchant_id.clone(),
        pos_id: own.pos_id.clone(),
        branch_id: own.branch_id.clone(),
    })
}

fn order(order: exports::ccb_request::Order) -> ccb::Order {
    ccb::Order {
        order_id: order.order_id,
        fen: order.fen,
        remark1: order.remark1,
        remark2: order.remark2,
        expires_at_ms: order.expires_at_ms,
    }
}

impl exports::ccb_verify::Guest for Component {
    fn own_counter() -> Result<exports::ccb::Counter, WitFault> {
        own_counter()
    }

    fn notification(text: Vec<u8>) -> Result<Vec<(String, String)>, WitFault> {
        Ok(ccb::notification(ccb_counter()?, &text)?)
    }

    fn answer(body: Vec<u8>) -> Result<exports::ccb_verify::QueryAnswer, WitFault> {
        let answer = ccb::answer(ccb_counter()?, &body)?;
        Ok(exports::ccb_verify::QueryAnswer { return_code: answer.return_code, orders: answer.orders })
    }
}

impl exports::ccb_request::Guest for Component {
    fn own_counter() -> Result<exports::ccb::Counter, WitFault> {
        own_counter()
    }

    fn qr_order(given: exports::ccb_request::Order) -> Result<String, WitFault> {
        Ok(ccb::qr_order(ccb_counter()?, &order(given))?)
    }

    fn h5_order(
        given: exports::ccb_request::Order,
        page: exports::ccb_request::PayerPage,
    ) -> Result<String, WitFault> {
        let page = ccb::PayerPage {
            gateway: page.gateway,
            client_ip: page.client_ip,
            reginfo: page.reginfo,
            proinfo: page.proinfo,
            referer: page.referer,
        };
        Ok(ccb::h5_order(ccb_counter()?, &order(given), &page)?)
    }

    fn query(order_id: String, settled: bool) -> Result<String, WitFault> {
        Ok(ccb::query(ccb_counter()?, &order_id, settled)?)
    }
}
