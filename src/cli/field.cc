#include "cli/field.h"

#include <array>
#include <boost/json.hpp>

namespace countersign::cli {
namespace {

namespace json = boost::json;

struct Unit {
    std::int64_t seconds;
    std::string_view name;
};
/// A span is told in the largest unit of which it holds at least two.
constexpr std::array<Unit, 4> kUnits = {{{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string span_text(std::int64_t seconds) {
    for (const Unit& unit : kUnits) {
        if (seconds >= 2 * unit.seconds) {
            return std::to_string(seconds / unit.seconds) + " " + std::string(unit.name);
        }
    }
    return std::to_string(seconds) + " s";
}

std::string with_cursor(const std::string& path, const std::string& cursor) {
    if (cursor.empty()) {
        return path;
    }
    const char joint = path.find('?') == std::string::npos ? '?' : '&';
    return path + joint + "cursor=" + encode(cursor);
}

}  // namespace

const json::value* member_at(const json::value& value, std::string_view path) {
    const json::value* at = &value;
    while (!path.empty()) {
        const auto dot = path.find('.');
        const std::string_view name = path.substr(0, dot);
        const json::object* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(name);
        if (at == nullptr) {
            return nullptr;
        }
        path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    }
    return at;
}

std::string text_at(const json::value& value, std::string_view path) {
    const json::value* at = member_at(value, path);
    if (at == nullptr || at->is_null() || at->is_object() || at->is_array()) {
        return {};
    }
    if (const json::string* text = at->if_string()) {
        return std::string(*text);
    }
    return json::serialize(*at);
}

std::int64_t number_at(const json::value& value, std::string_view path) {
    const json::value* at = member_at(value, path);
    if (at == nullptr) {
        return 0;
    }
    boost::system::error_code failed;
    const auto number = at->to_number<std::int64_t>(failed);
    return failed ? 0 : number;
}

std::optional<double> fraction_at(const json::value& value, std::string_view path) {
    const json::value* at = member_at(value, path);
    if (at == nullptr || !at->is_number()) {
        return std::nullopt;
    }
    boost::system::error_code failed;
    const auto number = at->to_number<double>(failed);
    return failed ? std::nullopt : std::optional<double>(number);
}

bool flag_at(const json::value& value, std::string_view path) {
    const json::value* at = member_at(value, path);
    const bool* flag = at == nullptr ? nullptr : at->if_bool();
    return flag != nullptr && *flag;
}

std::vector<std::string> texts_at(const json::value& value, std::string_view path) {
    std::vector<std::string> out;
    each_at(value, path, [&out](const json::value& item) {
        if (const json::string* text = item.if_string()) {
            out.emplace_back(*text);
        }
    });
    return out;
}

void each_at(const json::value& value, std::string_view path,
             const std::function<void(const json::value&)>& visit) {
    const json::value* at = member_at(value, path);
    const json::array* array = at == nullptr ? nullptr : at->if_array();
    if (array == nullptr) {
        return;
    }
    for (const json::value& item : *array) {
        visit(item);
    }
}

Result<void> each_item(Gateway& gateway, std::string path, std::size_t most,
                       const std::function<void(const json::value&)>& visit) {
    std::string cursor;
    std::size_t seen = 0;
    do {
        const json::value page = TRY(gateway.get(with_cursor(path, cursor)));
        each_at(page, "items", [&](const json::value& item) {
            if (seen < most) {
                visit(item);
            }
            ++seen;
        });
        std::string next = text_at(page, "next");
        if (next == cursor) {
            break;
        }
        cursor = std::move(next);
    } while (!cursor.empty() && seen < most);
    return {};
}

Result<json::value> all_items(Gateway& gateway, const std::string& path, std::size_t most) {
    json::array items;
    TRY(each_item(gateway, path, most,
                  [&items](const json::value& item) { items.push_back(item); }));
    json::object document;
    document["items"] = std::move(items);
    return json::value(std::move(document));
}

std::string encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(kDigits[byte >> 4U]);
        out.push_back(kDigits[byte & 15U]);
    }
    return out;
}

std::string short_time(std::string_view rfc3339, Instant now) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (!parse_instant(rfc3339)) {
        return std::string(rfc3339);
    }
    if (format_instant(now).substr(0, 10) == rfc3339.substr(0, 10)) {
        return std::string(rfc3339.substr(11, 8));
    }
    const auto month = static_cast<std::size_t>((rfc3339[5] - '0') * 10 + (rfc3339[6] - '0') - 1);
    return std::string(kMonths[month % kMonths.size()]) + " " + std::string(rfc3339.substr(8, 2)) +
           " " + std::string(rfc3339.substr(11, 5));
}

std::string relative_time(Instant then, Instant now) {
    const std::int64_t seconds = (then.microseconds - now.microseconds) / 1'000'000;
    return seconds >= 0 ? "in " + span_text(seconds) : span_text(-seconds) + " ago";
}

std::string relative_time(std::string_view rfc3339, Instant now) {
    const auto then = parse_instant(rfc3339);
    return then ? relative_time(*then, now) : std::string(rfc3339);
}

Result<int> print_json(World& world, const json::value& value) {
    world.console().out(json::serialize(value) + "\n");
    return 0;
}

}  // namespace countersign::cli
