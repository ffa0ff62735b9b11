// profile list, show.
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jail/profile_shelf.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

std::vector<std::string> weakening_texts(World& world, const jail::Profile& profile) {
    std::vector<std::string> out;
    for (const auto& weakening : jail::weakenings_of(profile, world.person().home)) {
        out.push_back(weakening.text());
    }
    return out;
}

json::object to_json(World& world, const jail::FoundProfile& found) {
    json::array weakenings;
    for (const std::string& text : weakening_texts(world, found.profile)) {
        weakenings.emplace_back(text::to_valid_utf8(text));
    }
    return {{"name", found.name},
            {"origin", text::to_valid_utf8(found.origin)},
            {"about", found.profile.about},
            {"weakenings", std::move(weakenings)},
            {"text", jail::print_profile(found.profile)}};
}

}  // namespace

Result<int> verb_profile_list(World& world, const Arguments& arguments) {
    const client::Locations locations = TRY(world.locations());
    const auto shelf = jail::ProfileShelf::usual(locations.config_directory);
    json::array items;
    Table table({{"PROFILE"},
                 {"WEAKENINGS", Column::Side::Right},
                 {"ABOUT", Column::Side::Left, Column::Width::Wraps}});
    int status = 0;
    for (const std::string& name : TRY(shelf.names())) {
        const auto found = shelf.find(name);
        if (!found.ok()) {
            world.console().err("countersign: " + text::visible(found.error().message) + "\n");
            status = 1;
            continue;
        }
        table.add({name, std::to_string(weakening_texts(world, found->profile).size()),
                   found->profile.about});
        items.push_back(to_json(world, *found));
    }
    if (arguments.json()) {
        [[maybe_unused]] const auto done =
            TRY(print_json(world, json::object{{"items", std::move(items)}}));
        return status;
    }
    world.console().out(table.print(world.console().out_look()));
    return status;
}

Result<int> verb_profile_show(World& world, const Arguments& arguments) {
    const client::Locations locations = TRY(world.locations());
    const jail::FoundProfile found =
        TRY(jail::ProfileShelf::usual(locations.config_directory).find(arguments.operand(0)));
    if (arguments.json()) {
        return print_json(world, to_json(world, found));
    }
    world.console().out(jail::print_profile(found.profile));
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"profile", found.name}, {"from", text::visible(found.origin)}};
    for (const std::string& text : weakening_texts(world, found.profile)) {
        pairs.emplace_back("weakening", text);
    }
    world.console().err(print_pairs(world.console().err_look(), pairs));
    return 0;
}

}  // namespace countersign::cli
