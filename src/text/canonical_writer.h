// Writes canonical JSON (RFC 8785) straight into a text, for the documents that are written at
// every action: building a tree of values first costs several times as much.
//
// The caller names members in ascending order (CHECKed) and gives valid UTF-8. Text that is not
// valid makes ill_formed() true, and what was written is then not to be used: such documents are
// rare and take the way over text::canonical_json(). Not thread safe; `out` must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace countersign::text {

class CanonicalWriter {
public:
    static constexpr std::size_t kDepthMax = 8;

    explicit CanonicalWriter(std::string& out) : out_(out) {}

    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    /// The next value's name. Names are constants of ours: plain ASCII that needs no escape.
    void key(std::string_view name);

    void string(std::string_view value);
    /// An integer that a double holds exactly.
    void number(std::int64_t value);
    void boolean(bool value);
    void null();
    void instant(Instant value);
    /// Canonical JSON that is text already.
    void raw(std::string_view json);

    void optional(const std::optional<std::string>& value);
    void strings(const std::vector<std::string>& list);
    /// An object of strings.
    void strings(const std::map<std::string, std::string>& map);

    [[nodiscard]] bool ill_formed() const { return ill_formed_; }

private:
    struct Level {
        std::string_view last;  ///< name; compared with the next
        bool first = true;
    };
    void separate();
    void begin_member(std::string_view name);

    std::string& out_;
    std::array<Level, kDepthMax> levels_{};
    std::size_t depth_ = 0;
    bool named_ = false;
    bool ill_formed_ = false;
};

}  // namespace countersign::text
