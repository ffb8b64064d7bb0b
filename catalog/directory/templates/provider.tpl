{{%AUTOESCAPE context="HTML"}}
{{>HEAD}}
<nav class="crumbs" aria-label="Breadcrumb"><a href="/providers">Providers</a></nav>
<section class="title">
<h1>{{NAME}}</h1>
<p class="idline"><code>{{ID}}</code></p>
</section>
<dl class="facts">
{{#FACT}}<div><dt>{{LABEL}}</dt><dd>{{VALUE}}</dd></div>{{/FACT}}
{{#BASE_URL}}<div class="wide"><dt>Base URL</dt><dd><code>{{URL_TEXT}}</code></dd></div>{{/BASE_URL}}
{{#DOCUMENTATION}}<div class="wide"><dt>Documentation</dt><dd><a rel="nofollow noopener" href="{{URL}}">{{URL_TEXT}}</a></dd></div>{{/DOCUMENTATION}}
</dl>
<h2>{{OFFERING_TOTAL}} {{OFFERING_NOUN}}</h2>
<table class="grid models">
<caption class="hide">What {{NAME}} sells, and at what price</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Type</th><th scope="col" class="num">Context</th><th scope="col" class="num">Input <small>/M</small></th><th scope="col" class="num">Output <small>/M</small></th><th scope="col" class="num">Cached input <small>/M</small></th></tr></thead>
<tbody>
{{#ROW}}<tr>
<th scope="row"><a class="name" href="{{URL}}">{{NAME}}</a><span class="id">{{ID}}</span></th>
<td data-label="Type"><span class="tag t-{{TYPE_CLASS}}">{{TYPE_NAME}}</span></td>
<td data-label="Context" class="num">{{CONTEXT}}</td>
{{#BY_TOKEN}}<td data-label="Input /M" class="num money">{{INPUT}}</td>
<td data-label="Output /M" class="num money">{{OUTPUT}}</td>
<td data-label="Cached input /M" class="num money">{{CACHED}}</td>{{/BY_TOKEN}}{{#BY_UNIT}}<td data-label="Price" class="num money" colspan="3">{{PRICE}} <small>{{PER}}</small></td>{{/BY_UNIT}}
</tr>
{{/ROW}}
</tbody>
</table>
{{>FOOT}}
