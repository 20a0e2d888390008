//! Where the provider leads people back to. It says nothing of a result, whatever the address claims.

use http::StatusCode;
use maud::html;
use zerotrip_platform::Reply;

#[utoipa::path(get, path = "/real-person/face-checks/return",
    responses((status = 200, description = "A page: go back to the app")))]
pub fn page() -> Reply {
    let body = html! {
        p { "请返回原来的应用查看认证结果。" }
        p { "本页面不显示也不决定结果，可以关闭。" }
    };
    Reply::html(StatusCode::OK, zerotrip_pages::page("人脸识别已结束", None, &body))
}
