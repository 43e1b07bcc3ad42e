//! `/servers/{id}/actions/...` that concern disks, sizes and passwords.

use serde_json::json;

use super::body::Body;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;
use crate::state::image::ImageWish;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Post, "/servers/{id}/actions/rebuild", rebuild),
    Route::new(Method::Post, "/servers/{id}/actions/change_type", change_type),
    Route::new(Method::Post, "/servers/{id}/actions/create_image", create_image),
    Route::new(Method::Post, "/servers/{id}/actions/enable_backup", |call| backups(call, true)),
    Route::new(Method::Post, "/servers/{id}/actions/disable_backup", |call| backups(call, false)),
    Route::new(Method::Post, "/servers/{id}/actions/reset_password", reset_password),
    Route::new(Method::Post, "/servers/{id}/actions/change_dns_ptr", change_dns_ptr),
];

const KIND: &str = "server";

fn rebuild(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (image, user_data) = (body.required_id_or_name("image"), body.text("user_data"));
    call.state.server_record(id)?;
    body.check()?;
    let (password, action) = call.state.rebuild_server(id, &image, user_data, call.moment)?;
    Ok(Reply::json(201, json!({ "action": action, "root_password": password })))
}

fn change_type(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let server_type = body.required_id_or_name("server_type");
    let upgrade_disk = body.flag("upgrade_disk");
    if !body.has("upgrade_disk") {
        body.blame("upgrade_disk", "is missing");
    }
    call.state.server_record(id)?;
    body.check()?;
    let upgrade_disk = upgrade_disk.unwrap_or(false);
    let action = call.state.change_server_type(id, &server_type, upgrade_disk, call.moment)?;
    Ok(Reply::begun(&action))
}

fn create_image(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let kind = body.text("type").unwrap_or_else(|| "snapshot".to_owned());
    if !matches!(kind.as_str(), "snapshot" | "backup") {
        body.blame("type", "must be one of: snapshot, backup");
    }
    let wish = ImageWish {
        is_backup: kind == "backup",
        description: body.text("description"),
        labels: body.labels().unwrap_or_default(),
    };
    body.check()?;
    let (image, action) = call.state.create_image(id, wish, call.moment)?;
    Ok(Reply::json(201, json!({ "image": image, "action": action })))
}

fn backups(call: &mut Call<'_>, enabled: bool) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    Ok(Reply::begun(&call.state.set_backups(id, enabled, call.moment)?))
}

fn reset_password(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let (password, action) = call.state.reset_password(id, call.moment)?;
    Ok(Reply::json(201, json!({ "action": action, "root_password": password })))
}

fn change_dns_ptr(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (ip, name) = (body.required_text("ip"), body.text("dns_ptr"));
    body.check()?;
    Ok(Reply::begun(&call.state.change_dns_ptr(id, &ip, name.as_deref(), call.moment)?))
}
