// The JSON forms of the model as a stranger would send them: what one of them accepts prints to a
// form that it accepts again and prints the same.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "model/codec.h"
#include "text/json.h"

using namespace countersign;

namespace {

template <class T>
void check(const boost::json::value& value, Result<T> (*from)(const boost::json::value&)) {
    const auto read = from(value);
    if (!read.ok()) {
        return;
    }
    const auto printed = model::to_json(read.value());
    const auto again = from(printed);
    CHECK(again.ok());
    CHECK(model::to_json(again.value()) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    const auto parsed = text::parse_json(document, 1 << 20);
    if (!parsed.ok()) {
        return 0;
    }
    const boost::json::value& value = parsed.value();
    check(value, model::agent_from);
    check(value, model::action_from);
    check(value, model::context_from);
    check(value, model::request_from);
    check(value, model::outcome_from);
    check(value, model::effect_from);
    check(value, model::finding_from);
    check(value, model::verdict_from);
    check(value, model::rule_from);
    check(value, model::vote_from);
    check(value, model::approver_from);
    check(value, model::session_from);
    check(value, model::session_request_from);
    return 0;
}
