// Answers each POST with its body, last byte first, on the port it is given.

using System;
using System.IO;
using System.Net;

class Server
{
    static void Main(string[] args)
    {
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + args[0] + "/");
        listener.Start();
        while (true)
        {
            var context = listener.GetContext();
            var body = new MemoryStream();
            context.Request.InputStream.CopyTo(body);
            byte[] reply = body.ToArray();
            Array.Reverse(reply);
            context.Response.ContentLength64 = reply.Length;
            context.Response.OutputStream.Write(reply, 0, reply.Length);
            context.Response.Close();
        }
    }
}
