#include "model/codec_parts.h"

#include "base/limits.h"
#include "text/encoding.h"

namespace countersign::model {

namespace json = boost::json;

json::string json_text(std::string_view bytes) {
    if (!text::invalid_utf8_at(bytes)) {
        return json::string(bytes.data(), bytes.size());
    }
    const std::string valid = text::to_valid_utf8(bytes);
    return json::string(valid.data(), valid.size());
}

json::array json_texts(const std::vector<std::string>& list) {
    json::array out;
    out.reserve(list.size());
    for (const std::string& element : list) {
        out.emplace_back(json_text(element));
    }
    return out;
}

json::string json_instant(Instant instant) {
    return json_name(format_instant(instant));
}

json::value json_instant(const std::optional<Instant>& instant) {
    return instant ? json::value(json_instant(*instant)) : json::value(nullptr);
}

json::value json_optional(const std::optional<std::string>& text) {
    return text ? json::value(json_text(*text)) : json::value(nullptr);
}

Instant instant_member(text::ObjectReader& in, std::string_view name) {
    const std::string spelled = in.string(name, 64);
    const auto instant = parse_instant(spelled);
    if (!instant) {
        in.fail(name, "must be a time such as 2026-11-24T05:22:26.000000Z");
    }
    return instant.value_or(Instant{});
}

std::optional<Instant> optional_instant(text::ObjectReader& in, std::string_view name) {
    if (in.optional_member(name) == nullptr) {
        return std::nullopt;
    }
    return instant_member(in, name);
}

json::array json_span(Span span) {
    return {static_cast<std::int64_t>(span.begin), static_cast<std::int64_t>(span.end)};
}

Span span_member(text::ObjectReader& in, std::string_view name) {
    const json::value* value = in.member(name);
    const json::array* array = value == nullptr ? nullptr : value->if_array();
    const std::int64_t* begin = nullptr;
    const std::int64_t* end = nullptr;
    if (array != nullptr && array->size() == 2) {
        begin = (*array)[0].if_int64();
        end = (*array)[1].if_int64();
    }
    constexpr std::int64_t kMost = UINT32_MAX;
    if (begin == nullptr || end == nullptr || *begin < 0 || *begin > *end || *end > kMost) {
        in.fail(name, "must be [begin, end], byte offsets with begin <= end");
        return {};
    }
    return {static_cast<std::uint32_t>(*begin), static_cast<std::uint32_t>(*end)};
}

std::map<std::string, std::string> string_map_or_empty(text::ObjectReader& in,
                                                       std::string_view name, std::size_t count_max,
                                                       std::size_t bytes_max) {
    std::map<std::string, std::string> out;
    const json::value* value = in.optional_member(name);
    if (value == nullptr) {
        return out;
    }
    const json::object* object = value->if_object();
    if (object == nullptr || object->size() > count_max) {
        in.fail(name, "must be an object of at most " + std::to_string(count_max) + " strings");
        return out;
    }
    for (const auto& member : *object) {
        const json::string* text = member.value().if_string();
        const std::string_view key(member.key());
        if (text == nullptr || text->size() > bytes_max || key.empty() ||
            key.size() > limits::kPathBytesMax) {
            in.fail(name,
                    "must hold named strings of at most " + std::to_string(bytes_max) + " bytes");
            return {};
        }
        out.emplace(key, std::string_view(*text));
    }
    return out;
}

json::string BytesWriter::put(const std::string& name, std::string_view value) {
    if (text::invalid_utf8_at(value)) {
        bytes_[name] = json_name(text::to_base64(text::bytes_of(value)));
    }
    return json_text(value);
}

void BytesWriter::finish(json::object& object) && {
    if (!bytes_.empty()) {
        object["bytes"] = std::move(bytes_);
    }
}

BytesReader::BytesReader(text::ObjectReader& in, std::size_t entries_max, std::size_t bytes_max)
    : in_(in) {
    // Base64 takes four characters for three bytes and pads the last group.
    entries_ = string_map_or_empty(in, "bytes", entries_max, bytes_max / 3 * 4 + 4);
}

void BytesReader::restore(const std::string& name, std::string& value) {
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) {
        return;
    }
    std::optional<std::string> exact = text::from_base64(entry->second);
    entries_.erase(entry);
    if (!exact || !text::invalid_utf8_at(*exact) || text::to_valid_utf8(*exact) != value) {
        in_.fail("bytes", "does not fit \"" + name + "\"");
        return;
    }
    value = std::move(*exact);
}

void BytesReader::finish() {
    if (!entries_.empty()) {
        in_.fail("bytes", "holds an entry that belongs to no value: \"" +
                              text::visible(entries_.begin()->first, 64) + "\"");
    }
}

}  // namespace countersign::model
