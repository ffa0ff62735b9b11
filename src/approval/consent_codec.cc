#include "approval/consent_codec.h"

#include <boost/json.hpp>

#include "base/limits.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::approval {
namespace {

namespace json = boost::json;

constexpr std::size_t kDocumentBytesMax = 1024 * 1024;
constexpr std::size_t kExcludedMax = 256;

Result<Consent> read(const json::value& value) {
    text::ObjectReader in(value, "stored consent");
    Consent consent;
    consent.action = in.string("action", limits::kNameBytesMax);
    consent.action_digest = in.string("action_digest", limits::kNameBytesMax);
    consent.session = in.string("session", limits::kNameBytesMax);
    consent.excluded = in.strings("excluded", kExcludedMax, limits::kNameBytesMax);
    consent.approvals = static_cast<int>(in.integer("approvals", 1, kQuorumMax));
    const auto state = model::value_in<ConsentState>(kConsentStateNames,
                                                     in.string("state", limits::kNameBytesMax));
    consent.frozen = in.boolean("frozen");
    const auto created = parse_instant(in.string("created", limits::kNameBytesMax));
    const auto expires = parse_instant(in.string("expires", limits::kNameBytesMax));
    const std::int64_t limit_ms =
        in.integer("time_limit_ms", 1,
                   std::chrono::duration_cast<std::chrono::milliseconds>(kTimeLimitMax).count());
    consent.reason = in.string("reason", limits::kCommentBytesMax);
    const auto* votes = in.member("votes");
    TRY(in.finish());
    if (!state || !created || !expires || !votes->is_array()) {
        return Error(ErrorCode::Corrupt, "stored consent: bad state, time or votes");
    }
    consent.state = *state;
    consent.created = *created;
    consent.expires = *expires;
    consent.time_limit = std::chrono::milliseconds(limit_ms);
    for (const json::value& vote : votes->get_array()) {
        model::Vote parsed = TRY(model::vote_from(vote));
        consent.votes.push_back(std::move(parsed));
    }
    return consent;
}

}  // namespace

std::string print_consent(const Consent& consent) {
    json::object out;
    out["action"] = consent.action;
    out["action_digest"] = consent.action_digest;
    out["session"] = consent.session;
    json::array excluded;
    for (const std::string& name : consent.excluded) {
        excluded.emplace_back(json::string(name));
    }
    out["excluded"] = std::move(excluded);
    out["approvals"] = consent.approvals;
    out["state"] = json::string_view(consent_state_name(consent.state));
    out["frozen"] = consent.frozen;
    out["created"] = format_instant(consent.created);
    out["expires"] = format_instant(consent.expires);
    out["time_limit_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(consent.time_limit).count();
    json::array votes;
    for (const model::Vote& vote : consent.votes) {
        votes.push_back(model::to_json(vote));
    }
    out["votes"] = std::move(votes);
    out["reason"] = consent.reason;
    return json::serialize(out);
}

Result<Consent> parse_consent(const std::string& document) {
    const json::value value = TRY(text::parse_json(document, kDocumentBytesMax));
    auto consent = read(value);
    if (!consent.ok()) {
        return Error(ErrorCode::Corrupt, consent.error().message);
    }
    return consent;
}

}  // namespace countersign::approval
