// What the files that a text writes hold, as far as the text says it: `echo TEXT > x.sh`, a
// here-document into cat or tee, a copy of such a file. A script that is then run is read as if it
// stood in the place where it runs.
//
// This only adds to what is judged: the start of the file is judged as before. So every doubt is
// answered with one more possible content: whether a write happens, which of two writes comes last
// and which name a directory has through a symbolic link is not known, and what is added behind an
// unknown part is added to all.
//
// Not here: content that a program makes (sed, python, a download), and what a file held before.
//
// Not thread safe: one per action. Bounds: kVersionsMax contents of one file, each at most
// limits::kActionTextBytesMax bytes, and limits::kShellExpansionBytesMax bytes that are written or
// copied in all; past them the content counts as not known, past the last that of every file.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "model/command.h"

namespace countersign::gate {

/// What one file may hold.
struct WrittenFile {
    std::vector<std::string> versions;  ///< each possible content, the first written first
    bool beyond_bound = false;          ///< there may be others that are not listed
    std::size_t writes = 0;             ///< how often it was written
};

class WrittenFiles {
public:
    /// Contents that one file may have; a text that makes more of one file is odd.
    static constexpr std::size_t kVersionsMax = 8;

    /// Takes up what `command` writes. `elsewhere`: on another host or in a container, which has
    /// its own files.
    void note(const model::ResolvedCommand& command, const catalogue::Place& place, bool elsewhere);

    /// The file that was written under this name: the path itself or, since a directory may be a
    /// symbolic link or unknown, the last one with the same base name. nullptr: none.
    [[nodiscard]] const WrittenFile* find(std::string_view path, bool elsewhere) const;

private:
    /// A redirection around several commands: { echo a; echo b; } > x.sh.
    struct Group {
        model::Span span;
        std::string key;
    };

    static std::string key_of(const model::Word& path, const catalogue::Place& place,
                              bool elsewhere);
    void write(const std::string& key, std::string_view text, const model::ResolvedCommand& by,
               bool append);
    /// Counts what is kept or copied; false: too much in all.
    bool spend(std::size_t bytes);
    void note_copy(const model::ResolvedCommand& command, const catalogue::Place& place,
                   bool elsewhere);

    std::map<std::string, WrittenFile, std::less<>> files_;         ///< by absolute path
    std::map<std::string, std::string, std::less<>> last_of_name_;  ///< base name to path
    std::vector<Group> groups_;
    std::size_t bytes_ = 0;
    WrittenFile any_;  ///< stands for every file once the bytes are too many
};

}  // namespace countersign::gate
