<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Done;
use MikoPBX\Licensed\Failure;

/**
 * What came of asking for a trial. It stops no installation, and everybody can see it.
 */
final readonly class Trial
{
    public function __construct(
        /** Whether the registration number holds the product now, by this trial or from before. */
        public bool $granted,
        /** Why not; null if it was granted, or if no code came with the failure. */
        public ?int $code,
        /** The daemon's own words. */
        public string $message,
        /** When, in Unix seconds. */
        public int $at,
        /** Whether licensed gave an answer. Without one nobody said no. */
        public bool $isAnswered = true,
    ) {
    }

    public static function of(Done|Failure $answer, int $now): self
    {
        return $answer instanceof Done
            ? new self(true, null, $answer->message, $now)
            : new self(false, $answer->code, $answer->message, $now, !$answer->kind->isWithoutAnswer());
    }

    /**
     * @throws \UnexpectedValueException
     */
    public static function read(Record $record): self
    {
        return new self(
            $record->bool('granted'),
            $record->optionalInt('code'),
            $record->string('message'),
            $record->int('at'),
            $record->optionalBool('isAnswered') ?? true,
        );
    }
}
