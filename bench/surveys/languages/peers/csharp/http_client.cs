// POSTs each line of hex from standard input, and prints each reply as one.

using System;
using System.Net.Http;

class Client
{
    static void Main(string[] args)
    {
        using (var http = new HttpClient())
        {
            for (string line; (line = Console.ReadLine()) != null;)
            {
                var body = new byte[line.Length / 2];
                for (int i = 0; i < body.Length; i++)
                    body[i] = Convert.ToByte(line.Substring(2 * i, 2), 16);
                var reply = http.PostAsync(args[0], new ByteArrayContent(body)).Result;
                reply.EnsureSuccessStatusCode();
                byte[] bytes = reply.Content.ReadAsByteArrayAsync().Result;
                Console.WriteLine(BitConverter.ToString(bytes).Replace("-", "").ToLower());
            }
        }
    }
}
