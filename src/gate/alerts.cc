#include "gate/alerts.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "gate/core.h"
#include "gate/opening.h"
#include "text/utf8.h"

namespace countersign::gate {
namespace {

using model::Decision;

/// So many times within the window is worth a look.
struct Threshold {
    AlertKind kind;
    std::size_t times;
    Duration within;
    std::string_view what;
};

constexpr std::array kThresholds = {
    Threshold{AlertKind::RepeatedDenials, 5, std::chrono::minutes(10),
              "actions of this session were denied"},
    Threshold{AlertKind::Surprise, 3, std::chrono::minutes(10),
              "actions of this session are unusual for agents of its type"},
    Threshold{AlertKind::BadTokens, 5, std::chrono::minutes(1),
              "callers at this door had no valid credential"},
    Threshold{AlertKind::BadVotes, 3, std::chrono::minutes(10),
              "votes in this approver's name were refused"}};

constexpr std::string_view kOthers = "others";

bool surprises(const model::Assessment& assessment) {
    return std::any_of(
        assessment.factors.begin(), assessment.factors.end(), [](const model::Factor& factor) {
            return factor.name == "anomaly.surprise" && factor.points >= kSurprisingPoints;
        });
}

audit::Alert alert_of(AlertKind kind, std::string_view subject, std::string message) {
    return {std::string(model::name_in(kAlertKindNames, kind)), std::string(subject),
            std::move(message)};
}

}  // namespace

void Alerts::forget_old(Duration now) {
    std::erase_if(strikes_, [&](const auto& entry) {
        constexpr Duration kLongest = std::chrono::minutes(10);
        const Strikes& strikes = entry.second;
        return strikes.quiet_until <= now &&
               (strikes.times.empty() || now - strikes.times.back() > kLongest);
    });
}

std::optional<audit::Alert> Alerts::strike(AlertKind kind, std::string_view subject, Duration now) {
    const auto threshold =
        std::find_if(kThresholds.begin(), kThresholds.end(),
                     [&](const Threshold& candidate) { return candidate.kind == kind; });
    std::pair<AlertKind, std::string> key(kind, subject);
    if (!strikes_.contains(key) && strikes_.size() >= kSubjectsMax) {
        forget_old(now);
        if (strikes_.size() >= kSubjectsMax) {
            key.second = kOthers;
        }
    }
    Strikes& strikes = strikes_[key];
    if (now < strikes.quiet_until) {
        return std::nullopt;
    }
    while (!strikes.times.empty() && now - strikes.times.front() > threshold->within) {
        strikes.times.pop_front();
    }
    strikes.times.push_back(now);
    if (strikes.times.size() < threshold->times) {
        return std::nullopt;
    }
    strikes.times.clear();
    strikes.quiet_until = now + threshold->within;
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(threshold->within);
    return alert_of(kind, key.second,
                    std::to_string(threshold->times) + " " + std::string(threshold->what) +
                        " within " + std::to_string(minutes.count()) + " min");
}

std::optional<audit::Alert> Alerts::count_for_rate(const ActionEntry& entry, Duration now) {
    if (now - day_began_ > std::chrono::hours(24)) {
        day_began_ = now;
        actions_ = 0;
        automatic_ = 0;
        rate_told_ = false;
    }
    // As the governance report counts: what an earlier consent covers is no action of its own.
    if (entry.decided_by.starts_with("grant ") || entry.decided_by.starts_with(kStartedBy)) {
        return std::nullopt;
    }
    ++actions_;
    automatic_ += entry.state == ActionState::Granted ? 1 : 0;
    const double rate = static_cast<double>(automatic_) / static_cast<double>(actions_);
    if (rate_told_ || actions_ < kActionsForAlert || rate < kAutoApprovalAlert) {
        return std::nullopt;
    }
    rate_told_ = true;
    return alert_of(AlertKind::AutoApproval, "gateway",
                    std::to_string(automatic_) + " of " + std::to_string(actions_) +
                        " actions of this day needed nobody: review the rules");
}

std::vector<audit::Alert> Alerts::decided(const ActionEntry& entry, Duration now) {
    std::vector<audit::Alert> alerts;
    const auto add = [&](std::optional<audit::Alert> alert) {
        if (alert) {
            alerts.push_back(std::move(*alert));
        }
    };
    const std::string& session = entry.request.context.session;
    const bool held_before =
        entry.verdict.decision == Decision::StepUp || entry.verdict.decision == Decision::Defer;
    if (!held_before || is_open(entry.state)) {
        add(count_for_rate(entry, now));
        if (surprises(entry.verdict.assessment)) {
            add(strike(AlertKind::Surprise, session, now));
        }
    }
    if (entry.state == ActionState::Denied || entry.state == ActionState::Expired) {
        add(strike(AlertKind::RepeatedDenials, session, now));
    }
    return alerts;
}

std::optional<audit::Alert> Alerts::refused(std::string_view door, std::string_view who,
                                            Duration now) {
    return door == "vote" ? strike(AlertKind::BadVotes, text::visible(who, 64), now)
                          : strike(AlertKind::BadTokens, door, now);
}

void raise(Core& core, const audit::Alert& alert) {
    log::warning("alert " + alert.kind + ": " + alert.subject + ": " + alert.message);
    auto recorded = core.recorder.append(audit::to_record(alert), Safety::Written);
    if (!recorded.ok()) {
        log::warning("an alert cannot be recorded: " + recorded.error().message);
    }
    core.events.add({"alert", boost::json::serialize(boost::json::object{
                                  {"kind", alert.kind},
                                  {"subject", alert.subject},
                                  {"message", alert.message},
                                  {"time", format_instant(core.clock.now())}})});
}

void watch_action(Core& core, const ActionEntry& entry) {
    for (const audit::Alert& alert : core.alerts.decided(entry, core.clock.monotonic())) {
        raise(core, alert);
    }
}

void watch_refusal(Core& core, std::string_view door, std::string_view who) {
    if (const auto alert = core.alerts.refused(door, who, core.clock.monotonic())) {
        raise(core, *alert);
    }
}

}  // namespace countersign::gate
