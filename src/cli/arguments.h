// The words of one command line after parsing against its row of the command table. A value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::cli {

class Arguments {
public:
    /// A switch such as --json.
    [[nodiscard]] bool has(std::string_view flag) const { return flags_.contains(flag); }
    /// The last value given for a flag; nullopt when absent.
    [[nodiscard]] std::optional<std::string> value(std::string_view flag) const {
        const auto found = flags_.find(flag);
        if (found == flags_.end() || found->second.empty()) {
            return std::nullopt;
        }
        return found->second.back();
    }
    [[nodiscard]] std::string value_or(std::string_view flag, std::string_view fallback) const {
        return value(flag).value_or(std::string(fallback));
    }
    /// Every value of a flag that may be repeated.
    [[nodiscard]] std::vector<std::string> values(std::string_view flag) const {
        const auto found = flags_.find(flag);
        return found == flags_.end() ? std::vector<std::string>{} : found->second;
    }
    /// Operand number `index`; empty when it was optional and absent.
    [[nodiscard]] std::string operand(std::size_t index) const {
        return index < operands_.size() ? operands_[index] : std::string{};
    }
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
    [[nodiscard]] bool json() const { return has("json"); }

    void add(std::string_view flag, std::vector<std::string> values) {
        flags_.insert_or_assign(std::string(flag), std::move(values));
    }
    void add_operand(std::string word) { operands_.push_back(std::move(word)); }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> flags_;
    std::vector<std::string> operands_;
};

}  // namespace countersign::cli
