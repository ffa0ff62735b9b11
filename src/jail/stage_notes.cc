#include "jail/stage_notes.h"

#include <boost/json.hpp>
#include <time.h>

#include "base/limits.h"
#include "sys/fd.h"
#include "sys/files.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign::jail {
namespace {

namespace json = boost::json;

constexpr std::size_t kUnsavedBytesMax = 8UL << 20U;
constexpr std::size_t kWordBytesMax = 4096;

Result<Unsaved> unsaved_from(const std::string& line) {
    const json::value value = TRY(text::parse_json(line, limits::kConfigBytesMax));
    text::ObjectReader in(value, "unsaved");
    Unsaved out;
    out.action = in.string("action", limits::kNameBytesMax);
    out.program = in.string("program", kWordBytesMax);
    out.why = in.string("why", kWordBytesMax);
    TRY(in.finish());
    return out;
}

std::string cut(const std::string& word) {
    return word.size() <= kWordBytesMax ? word : "(long)";
}

}  // namespace

std::int64_t stamp_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

Result<void> append_unsaved(const std::string& stage, const Unsaved& note) {
    const sys::Fd file = TRY(sys::open_append(stage + "/unsaved"));
    const std::string line = json::serialize(json::object{
        {"action", note.action}, {"program", cut(note.program)}, {"why", cut(note.why)}});
    return sys::write_all(file, line + "\n");
}

Result<std::vector<Unsaved>> read_unsaved(const std::string& stage) {
    const auto text = sys::read_file(stage + "/unsaved", kUnsavedBytesMax);
    if (!text.ok() && text.error().code == ErrorCode::NotFound) {
        return std::vector<Unsaved>();
    }
    if (!text.ok()) {
        return text.error();
    }
    std::vector<Unsaved> out;
    // A last line without its newline was being written when the supervisor died.
    for (std::size_t at = 0, end = 0; (end = text->find('\n', at)) != std::string::npos;
         at = end + 1) {
        Unsaved note = TRY(unsaved_from(text->substr(at, end - at)));
        out.push_back(std::move(note));
    }
    return out;
}

Result<void> mark_ended(const std::string& stage) {
    return sys::write_new_file(stage + "/ended", std::to_string(stamp_now()));
}

Result<std::optional<std::int64_t>> read_ended(const std::string& stage) {
    const auto text = sys::read_file(stage + "/ended", limits::kNameBytesMax);
    if (!text.ok() && text.error().code == ErrorCode::NotFound) {
        return std::optional<std::int64_t>();
    }
    if (!text.ok()) {
        return text.error();
    }
    return std::optional<std::int64_t>(text::parse_integer(*text, 0, INT64_MAX));
}

}  // namespace countersign::jail
