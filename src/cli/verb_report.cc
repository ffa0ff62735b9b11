// report governance: is anybody still deciding, or is trust implicit with extra steps?
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "text/number.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// From here on the gate is nearly transparent; the report says so whatever the gateway warns of.
constexpr double kAutoApprovalWarning = 0.97;
/// Below so few actions a rate says nothing.
constexpr std::int64_t kActionsForRate = 20;

std::string fixed(double value, int digits) {
    std::array<char, 64> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
    return {buffer.data(), static_cast<std::size_t>(std::max(length, 0))};
}

std::string percent(double rate) {
    return fixed(rate * 100, 1) + " %";
}

/// A bar of at most 30 columns for a rate from 0 to 1.
std::string bar(const Look& look, double rate) {
    constexpr double kColumns = 30;
    const auto full = static_cast<int>(std::lround(std::clamp(rate, 0.0, 1.0) * kColumns));
    std::string out;
    for (int i = 0; i < full; ++i) {
        out += look.utf8 ? "\u2588" : "#";
    }
    return out;
}

std::vector<std::string> warnings_of(const json::value& report) {
    std::vector<std::string> warnings = texts_at(report, "warnings");
    const double rate = fraction_at(report, "auto_approval_rate").value_or(0);
    if (warnings.empty() && number_at(report, "actions") >= kActionsForRate &&
        rate >= kAutoApprovalWarning) {
        warnings.push_back(percent(rate) +
                           " of the actions passed without a question: trust has "
                           "become implicit; review rules and tiers");
    }
    return warnings;
}

std::string days_table(const Look& look, const json::value& report) {
    Table days({{"DAY"},
                {"ACTIONS", Column::Side::Right},
                {"AUTO-APPROVED", Column::Side::Right},
                {"", Column::Side::Left, Column::Width::Yields}});
    each_at(report, "by_day", [&](const json::value& day) {
        const auto actions = number_at(day, "actions");
        const double rate = actions == 0 ? 0
                                         : static_cast<double>(number_at(day, "auto_approved")) /
                                               static_cast<double>(actions);
        days.add({text_at(day, "day"),
                  std::to_string(actions),
                  percent(rate),
                  {bar(look, rate), rate >= kAutoApprovalWarning ? Tone::Warn : Tone::Good}});
    });
    return days.empty() ? "" : "\n" + days.print(look);
}

std::string approvers_table(const Look& look, const json::value& report) {
    Table people({{"APPROVER"},
                  {"APPROVED", Column::Side::Right},
                  {"DENIED", Column::Side::Right},
                  {"MEDIAN TIME", Column::Side::Right},
                  {"PER DAY", Column::Side::Right}});
    each_at(report, "approvers", [&](const json::value& person) {
        const auto median = fraction_at(person, "median_s");
        people.add({{text_at(person, "approver"), Tone::Bold},
                    text_at(person, "approved"),
                    text_at(person, "denied"),
                    median ? fixed(*median, 1) + " s" : "",
                    fixed(fraction_at(person, "per_day").value_or(0), 1)});
    });
    return people.empty() ? "" : "\n" + people.print(look);
}

}  // namespace

Result<int> verb_report_governance(World& world, const Arguments& arguments) {
    const auto days = text::parse_integer(arguments.value_or("days", "30"), 1, 3650);
    if (!days) {
        return Error(ErrorCode::InvalidArgument, "--days is no number from 1 to 3650");
    }
    Gateway* gateway = TRY(world.gateway());
    const json::value report =
        TRY(gateway->get("/v1/reports/governance?days=" + std::to_string(*days)));
    if (arguments.json()) {
        return print_json(world, report);
    }
    const Look& look = world.console().out_look();
    const double rate = fraction_at(report, "auto_approval_rate").value_or(0);
    std::string out = print_pairs(
        look, {{"last " + std::to_string(*days) + " days", text_at(report, "actions") + " actions"},
               {"auto-approved", text_at(report, "auto_approved") + " (" + percent(rate) + ")"},
               {"held", text_at(report, "held")},
               {"denied", text_at(report, "denied")},
               {"prompts per 100", fixed(fraction_at(report, "prompts_per_100").value_or(0), 1)}});
    out += days_table(look, report) + approvers_table(look, report);
    for (const std::string& warning : warnings_of(report)) {
        out += "\n" + paint(look, Tone::Warn, "warning: " + shown(look, warning)) + "\n";
    }
    world.console().out(out);
    return 0;
}

}  // namespace countersign::cli
