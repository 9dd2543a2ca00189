// C# on .NET 6 or newer: tell whether a delivery comes from Postgate.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

public static class Deliveries
{
    private const long Tolerance = 300; // seconds that the time-stamp may be off

    /// <summary>Tell whether one of the signatures was made with one of the secrets, just now.</summary>
    /// <param name="body">The raw bytes, as they came; never the JSON written anew.</param>
    /// <param name="header">Looks a header up, for example name => request.Headers[name].</param>
    /// <param name="secrets">whsec_…; two while one is being replaced.</param>
    /// <param name="now">The clock, DateTimeOffset.UtcNow.</param>
    public static bool Verify(
        byte[] body, Func<string, string?> header, IEnumerable<string> secrets, DateTimeOffset now)
    {
        string id = header("webhook-id") ?? "", stamp = header("webhook-timestamp") ?? "";
        if (id == "" || !Regex.IsMatch(stamp, @"^[0-9]{1,12}\z")) return false;
        if (Math.Abs(now.ToUnixTimeSeconds() - long.Parse(stamp)) > Tolerance) return false;
        byte[] signed = Encoding.UTF8.GetBytes($"{id}.{stamp}.").Concat(body).ToArray();
        string[] given = (header("webhook-signature") ?? "").Split(' ');
        foreach (string secret in secrets)
        {
            string encoded = secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret.Substring(6) : secret;
            byte[] key = Convert.FromBase64String(encoded);
            if (key.Length == 0) continue; // anybody could sign with an empty one
            using var hmac = new HMACSHA256(key);
            byte[] expected = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(hmac.ComputeHash(signed)));
            if (given.Any(one => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), expected)))
            {
                return true;
            }
        }
        return false;
    }
}

// For trying it: each line of the input is a delivery, its parts with tabs between them.
public static class Trying
{
    public static void Main()
    {
        while (Console.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            var sent = new Dictionary<string, string>
            {
                ["webhook-id"] = fields[1], ["webhook-timestamp"] = fields[2], ["webhook-signature"] = fields[3],
            };
            byte[] body = Convert.FromBase64String(fields[5]);
            var now = DateTimeOffset.FromUnixTimeSeconds(long.Parse(fields[4]));
            bool valid = Deliveries.Verify(body, name => sent.GetValueOrDefault(name), fields[0].Split(','), now);
            Console.WriteLine(valid ? "true" : "false");
        }
    }
}
