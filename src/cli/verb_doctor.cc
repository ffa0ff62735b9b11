// doctor: what this machine enforces, what is missing, and what to do about it.
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/keys.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jail/jail.h"
#include "sys/files.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

struct Check {
    enum class State { Ok, Warning, Missing };
    std::string name;
    State state = State::Ok;
    std::string detail;
};
constexpr std::array<std::string_view, 3> kStateNames = {"ok", "warning", "missing"};

void kernel_checks(std::vector<Check>& checks) {
    for (const jail::Feature& feature : jail::features()) {
        const Check::State state = feature.available  ? Check::State::Ok
                                   : feature.required ? Check::State::Missing
                                                      : Check::State::Warning;
        checks.push_back({feature.name, state, feature.detail});
    }
}

Check private_place(const std::string& name, const std::string& path) {
    const auto status = sys::file_status(path, sys::Links::Follow);
    if (!status.ok()) {
        return {name, Check::State::Warning, status.error().message};
    }
    if (!status.value()) {
        return {name, Check::State::Ok, path + " (not made yet)"};
    }
    if ((status.value()->mode & 077U) != 0) {
        return {name, Check::State::Missing, path + " is open to others: chmod go= " + path};
    }
    return {name, Check::State::Ok, path};
}

Check gateway_check(World& world) {
    auto gateway = world.running_gateway();
    if (!gateway.ok()) {
        return {"gateway", Check::State::Warning,
                "not running (it starts by itself): " + gateway.error().message};
    }
    const auto status = gateway.value()->get("/v1/status");
    if (!status.ok()) {
        return {"gateway", Check::State::Missing, status.error().message};
    }
    if (flag_at(*status, "frozen")) {
        return {"gateway", Check::State::Warning, "frozen: everything is held until thaw"};
    }
    return {"gateway", Check::State::Ok,
            "version " + text_at(*status, "version") + ", process " + text_at(*status, "pid")};
}

Check approvers_check(World& world) {
    auto gateway = world.running_gateway();
    if (!gateway.ok()) {
        return {"approvers", Check::State::Warning, "not known without the gateway"};
    }
    int active = 0;
    const auto listed = each_item(**gateway, "/v1/approvers", 1000, [&](const json::value& person) {
        active += flag_at(person, "active") ? 1 : 0;
    });
    if (!listed.ok()) {
        return {"approvers", Check::State::Warning, listed.error().message};
    }
    if (active == 0) {
        return {"approvers", Check::State::Warning,
                "nobody may vote: held actions run out (countersign approver add NAME)"};
    }
    return {
        "approvers", active == 1 ? Check::State::Warning : Check::State::Ok,
        std::to_string(active) +
            (active == 1 ? " person: irreversible actions need two different people" : " people")};
}

Check key_check(World& world) {
    const std::vector<KeyEntry> keys = list_keys(world);
    if (keys.empty()) {
        return {"signing key", Check::State::Warning,
                "none: countersign keys new " + world.person().name};
    }
    return {"signing key", Check::State::Ok, keys.front().file + " " + keys.front().fingerprint};
}

json::object to_json(const Check& check) {
    return {{"name", check.name},
            {"state", kStateNames[static_cast<std::size_t>(check.state)]},
            {"detail", check.detail}};
}

}  // namespace

Result<int> verb_doctor(World& world, const Arguments& arguments) {
    const client::Locations locations = TRY(world.locations());
    std::vector<Check> checks;
    kernel_checks(checks);
    checks.push_back(private_place("state", locations.state_directory));
    checks.push_back(private_place("keys", key_directory(locations)));
    checks.push_back(private_place("operator token", locations.operator_token_file));
    checks.push_back(gateway_check(world));
    checks.push_back(approvers_check(world));
    checks.push_back(key_check(world));
    int status = 0;
    json::array items;
    Table table({{"CHECK"}, {"STATE"}, {"DETAIL", Column::Side::Left, Column::Width::Wraps}});
    for (const Check& check : checks) {
        const std::string state(kStateNames[static_cast<std::size_t>(check.state)]);
        table.add({check.name, {state, tone_of(state)}, check.detail});
        items.push_back(to_json(check));
        status = check.state == Check::State::Missing ? 1 : status;
    }
    if (arguments.json()) {
        [[maybe_unused]] const auto done =
            TRY(print_json(world, json::object{{"items", std::move(items)}}));
        return status;
    }
    world.console().out(table.print(world.console().out_look()));
    return status;
}

}  // namespace countersign::cli
