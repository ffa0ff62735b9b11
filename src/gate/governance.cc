#include "gate/governance.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

namespace countersign::gate {
namespace {

namespace json = boost::json;

double ratio(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Four decimals: what a report can be compared by.
double rounded(double value) {
    return std::round(value * 10000.0) / 10000.0;
}

std::int64_t median(std::vector<std::int64_t> values) {
    if (values.empty()) {
        return 0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void add(DayNumbers& sum, const DayNumbers& day) {
    sum.actions += day.actions;
    sum.auto_approved += day.auto_approved;
    sum.held += day.held;
    sum.denied += day.denied;
    sum.covered += day.covered;
    sum.released += day.released;
    sum.refused += day.refused;
    sum.expired += day.expired;
    sum.alerts += day.alerts;
    for (const auto& [name, person] : day.people) {
        PersonNumbers& into = sum.people[name];
        into.approved += person.approved;
        into.denied += person.denied;
        into.times_ms.insert(into.times_ms.end(), person.times_ms.begin(), person.times_ms.end());
    }
}

json::array people_json(const DayNumbers& sum, int days, json::array& warnings) {
    json::array out;
    for (const auto& [name, person] : sum.people) {
        const std::int64_t votes = person.approved + person.denied;
        const std::int64_t middle = median(person.times_ms);
        const double per_day = static_cast<double>(votes) / std::max(days, 1);
        out.push_back(json::object{{"approver", name},
                                   {"approved", person.approved},
                                   {"denied", person.denied},
                                   {"median_s", rounded(static_cast<double>(middle) / 1000.0)},
                                   {"per_day", rounded(per_day)}});
        if (votes >= kVotesForWarning && middle < kFastVoteMs) {
            warnings.emplace_back(name + " takes " + std::to_string(middle) +
                                  " ms to decide: that is no reading");
        }
        if (per_day > kApprovalsPerDayWarning) {
            warnings.emplace_back(name + " is asked so often that questions will be waved through");
        }
    }
    return out;
}

}  // namespace

json::value governance_report(int days, const std::map<std::string, DayNumbers>& numbers) {
    DayNumbers sum;
    json::array by_day;
    for (const auto& [day, of_day] : numbers) {
        add(sum, of_day);
        by_day.push_back(json::object{{"day", day},
                                      {"actions", of_day.actions},
                                      {"auto_approved", of_day.auto_approved},
                                      {"held", of_day.held},
                                      {"denied", of_day.denied},
                                      {"covered", of_day.covered},
                                      {"alerts", of_day.alerts}});
    }
    json::array warnings;
    const double rate = ratio(sum.auto_approved, sum.actions);
    if (rate >= kAutoApprovalWarning && sum.actions >= kActionsForWarning) {
        warnings.emplace_back(
            "nearly everything passes without a person: review the rules "
            "(countersign rules review)");
    }
    if (sum.alerts > 0) {
        warnings.emplace_back(std::to_string(sum.alerts) +
                              (sum.alerts == 1 ? " alert" : " alerts") +
                              ": countersign audit search --type alert");
    }
    json::array people = people_json(sum, days, warnings);
    return json::object{{"days", days},
                        {"actions", sum.actions},
                        {"auto_approved", sum.auto_approved},
                        {"auto_approval_rate", rounded(rate)},
                        {"held", sum.held},
                        {"denied", sum.denied},
                        {"covered", sum.covered},
                        {"released", sum.released},
                        {"refused", sum.refused},
                        {"expired", sum.expired},
                        {"alerts", sum.alerts},
                        {"prompts_per_100", rounded(100.0 * ratio(sum.held, sum.actions))},
                        {"by_day", std::move(by_day)},
                        {"approvers", std::move(people)},
                        {"warnings", std::move(warnings)}};
}

}  // namespace countersign::gate
