#include "api/line_budget.h"

#include <algorithm>
#include <utility>

namespace countersign::api {
namespace {

/// Names that no caller has: a session is "s-..." and a process "process N".
constexpr std::string_view kOthersOfGroup = "others";
constexpr std::string_view kAllOthers = "other callers";

std::string spoken(const std::string& group, const std::string& name) {
    if (name == kOthersOfGroup) {
        return "others of " + group;
    }
    return name.empty() ? group : name;
}

}  // namespace

// A group's ration for its others is found or made like that of one more caller; one more ration
// past kCallersMax is everybody else's, so the table ends at kCallersMax + 1.
LineBudget::Ration& LineBudget::ration_of(const Caller& caller) {
    const auto named = [&](std::string_view group, std::string_view name) {
        return std::find_if(rations_.begin(), rations_.end(), [&](const Ration& ration) {
            return ration.group == group && ration.name == name;
        });
    };
    if (const auto own = named(caller.group, caller.name); own != rations_.end()) {
        return *own;
    }
    const auto of_group =
        std::count_if(rations_.begin(), rations_.end(),
                      [&](const Ration& ration) { return ration.group == caller.group; });
    Ration made{caller.group, caller.name};
    if (static_cast<std::size_t>(of_group) >= kCallersPerGroup) {
        made.name = kOthersOfGroup;
    }
    if (const auto others = named(made.group, made.name); others != rations_.end()) {
        return *others;
    }
    if (rations_.size() >= kCallersMax) {
        made = Ration{std::string(kAllOthers), {}};
        if (const auto others = named(made.group, made.name); others != rations_.end()) {
            return *others;
        }
    }
    return rations_.emplace_back(std::move(made));
}

LineBudget::Verdict LineBudget::take(const Caller& caller, Duration now) {
    if (rations_.empty()) {
        since_ = now;
    }
    Ration& ration = ration_of(caller);
    ++ration.sent;
    if (ration.sent > kLinesPerCaller) {
        return Verdict::Count;
    }
    return ration.sent == kLinesPerCaller ? Verdict::WriteLast : Verdict::Write;
}

std::vector<std::string> LineBudget::ended(Duration now) {
    return now - since_ < kMinute ? std::vector<std::string>() : end();
}

std::vector<std::string> LineBudget::end() {
    std::vector<std::string> lines;
    for (const Ration& ration : std::exchange(rations_, {})) {
        if (ration.sent > kLinesPerCaller) {
            lines.push_back(
                "refusals of " + spoken(ration.group, ration.name) +
                " that were not written here: " + std::to_string(ration.sent - kLinesPerCaller));
        }
    }
    return lines;
}

}  // namespace countersign::api
