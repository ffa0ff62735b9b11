// approver list, add, remove; keys new, list.
#include <boost/json.hpp>

#include "base/limits.h"
#include "cli/field.h"
#include "cli/keys.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "model/codec.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

std::string fingerprint_of(const std::string& line) {
    const auto key = crypto::PublicKey::from_line(line);
    return key.ok() ? key->fingerprint() : "unreadable";
}

}  // namespace

Result<int> verb_approver_list(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value list = TRY(all_items(*gateway, "/v1/approvers", limits::kPageEntriesMax));
    if (arguments.json()) {
        return print_json(world, list);
    }
    Table table({{"APPROVER", Column::Side::Left, Column::Width::Yields},
                 {"STATE"},
                 {"ENROLLED"},
                 {"KEY"}});
    each_at(list, "items", [&](const json::value& approver) {
        const bool active = flag_at(approver, "active");
        table.add({{text_at(approver, "name"), Tone::Bold},
                   {active ? "active" : "removed", active ? Tone::Good : Tone::Dim},
                   short_time(text_at(approver, "enrolled"), world.clock().now()),
                   fingerprint_of(text_at(approver, "public_key"))});
    });
    if (table.empty()) {
        world.console().err(
            "nobody may vote yet (hint: countersign keys new NAME, countersign approver add "
            "NAME)\n");
        return 0;
    }
    world.console().out(table.print(world.console().out_look()));
    return 0;
}

Result<int> verb_approver_add(World& world, const Arguments& arguments) {
    model::Approver approver;
    approver.name = arguments.operand(0);
    TRY(check_person_name(approver.name));
    approver.public_key = TRY(public_line(world, approver.name, arguments.value("public-key")));
    approver.enrolled = world.clock().now();
    Gateway* gateway = TRY(world.gateway());
    const json::value added = TRY(gateway->post("/v1/approvers", model::to_json(approver)));
    if (arguments.json()) {
        return print_json(world, added);
    }
    world.console().out("enrolled " + approver.name + " with key " +
                        fingerprint_of(approver.public_key) + "\n");
    return 0;
}

Result<int> verb_approver_remove(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const std::string name = arguments.operand(0);
    const json::value removed =
        TRY(gateway->post("/v1/approvers/" + encode(name) + "/remove",
                          json::object{{"reason", ""}, {"by", world.person().name}}));
    if (arguments.json()) {
        return print_json(world, removed);
    }
    world.console().out(shown(world.console().out_look(), name) +
                        " may vote no more; past votes stay in the record\n");
    return 0;
}

Result<int> verb_keys_new(World& world, const Arguments& arguments) {
    const std::string name = arguments.operand(0);
    const std::string file = TRY(create_key(world, name, arguments.value_or("key", "")));
    const std::string line = TRY(public_line(world, name, file + ".pub"));
    if (arguments.json()) {
        return print_json(world, json::object{{"name", name},
                                              {"file", file},
                                              {"public_key", line},
                                              {"fingerprint", fingerprint_of(line)}});
    }
    const Look& look = world.console().out_look();
    world.console().out(shown(look, file) + "  " + fingerprint_of(line) + "\n");
    world.console().err("next: countersign approver add " + name +
                        (arguments.value("key") ? " --public-key " + file + ".pub" : "") + "\n");
    return 0;
}

Result<int> verb_keys_list(World& world, const Arguments& arguments) {
    const std::vector<KeyEntry> keys = list_keys(world);
    if (arguments.json()) {
        json::array items;
        for (const KeyEntry& key : keys) {
            items.push_back(json::object{
                {"name", key.name}, {"fingerprint", key.fingerprint}, {"file", key.file}});
        }
        return print_json(world, json::object{{"items", std::move(items)}});
    }
    if (keys.empty()) {
        world.console().err("no keys yet (hint: countersign keys new " + world.person().name +
                            ")\n");
        return 0;
    }
    Table table({{"KEY", Column::Side::Left, Column::Width::Yields},
                 {"FINGERPRINT"},
                 {"FILE", Column::Side::Left, Column::Width::Yields}});
    for (const KeyEntry& key : keys) {
        table.add({{key.name, Tone::Bold}, key.fingerprint, key.file});
    }
    world.console().out(table.print(world.console().out_look()));
    return 0;
}

}  // namespace countersign::cli
