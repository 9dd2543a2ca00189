<?php
// PHP 7.4 or newer: tell whether a delivery comes from Postgate.

const TOLERANCE = 300; // seconds that the time-stamp may be off

/**
 * Tell whether one of the signatures was made with one of the secrets, just now.
 *
 * @param string $body the raw bytes, file_get_contents('php://input'); never the JSON written anew
 * @param array<string, string> $headers by name in small letters: array_change_key_case(getallheaders())
 * @param string[] $secrets whsec_…; two while one is being replaced
 */
function verify(string $body, array $headers, array $secrets, ?int $now = null): bool
{
    $id = $headers['webhook-id'] ?? '';
    $stamp = $headers['webhook-timestamp'] ?? '';
    if ($id === '' || !preg_match('/^[0-9]{1,12}$/D', $stamp)) {
        return false;
    }
    if (abs(($now ?? time()) - (int) $stamp) > TOLERANCE) {
        return false;
    }
    $given = explode(' ', $headers['webhook-signature'] ?? '');
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false || $key === '') {
            continue; // anybody could sign with an empty one
        }
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$stamp.$body", $key, true));
        foreach ($given as $one) {
            if (hash_equals($expected, $one)) {
                return true;
            }
        }
    }
    return false;
}

// For trying it: each line of the input is a delivery, its parts with tabs between them.
if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    while (($line = fgets(STDIN)) !== false) {
        [$secrets, $id, $stamp, $signature, $now, $body] = explode("\t", rtrim($line, "\n"));
        $sent = ['webhook-id' => $id, 'webhook-timestamp' => $stamp, 'webhook-signature' => $signature];
        $valid = verify(base64_decode($body), $sent, explode(',', $secrets), (int) $now);
        echo $valid ? "true\n" : "false\n";
    }
}
