<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\Verdict;
use MikoPBX\Licensed\VerdictKind;

/**
 * What became of one module: the outcome of a command, as facts. {@see Wording} makes sentences of it.
 */
final readonly class Report
{
    public function __construct(
        public Event $event,
        /** Its id; its folder where the package does not tell one. */
        public string $module,
        public ?int $product = null,
        public ?int $feature = null,
        /** Why it is no plain yes, such as 2008. */
        public ?int $code = null,
        /** The words that came with that, in English. */
        public ?string $message = null,
        /** What came of asking for a trial. */
        public ?Trial $trial = null,
        /** Whether the daemon gave no answer. */
        public bool $isWithoutAnswer = false,
    ) {
    }

    public static function failed(Event $event, string $module, Failure $failure, ?Package $package = null): self
    {
        return new self(
            $event,
            $module,
            $package?->product,
            $package?->feature,
            $failure->code,
            $failure->message,
            isWithoutAnswer: $failure->kind->isWithoutAnswer(),
        );
    }

    /** About a module that was just installed. What came of its trial stops nothing, and is told. */
    public static function installed(Module $module, Event $event): self
    {
        return new self(
            $event,
            $module->id,
            $module->product,
            $module->feature,
            $module->reason()?->code,
            $module->reason()?->message,
            $module->trial,
            $module->trial?->isAnswered === false,
        );
    }

    /** About a module that is installed: why it is refused, or else what was just heard of its license. */
    public static function about(Module $module, Event $event, ?Verdict $verdict = null): self
    {
        $word = $verdict?->kind === VerdictKind::Granted ? null : $verdict;
        return new self(
            $event,
            $module->id,
            $module->product ?? $verdict?->product,
            $module->feature,
            $module->reason()?->code ?? $word?->code,
            $module->reason()?->message ?? $word?->message,
            $module->trial,
            $verdict?->failure?->kind->isWithoutAnswer() ?? false,
        );
    }
}
